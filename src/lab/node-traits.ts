import { selfSignedCertificate } from './certificate.js';
import type { NodeTraits } from './node-group.js';
import type { LabSettings } from './presets.js';

/** The most nodes a lab can have, and so the addresses its certificate is for: 127.0.0.1 and eight from 127.0.0.2 on. */
const ADDRESSES = Array.from({ length: 9 }, (_, index) => `127.0.0.${index + 1}`);

const FLAVOURS = { classic: 'clb', application: 'alb', network: 'nlb' } as const;

/** What the preset and the knobs make of every node. The certificate is made here, anew each time. */
export function nodeTraits(
  { knobs }: LabSettings,
  outside: {
    readonly region: string;
    readonly accessLogDir: string | undefined;
    readonly now: Date;
    readonly onFault: (cause: unknown) => void;
  },
): NodeTraits {
  const { connectRetries, preopen, surgeQueue, backendMaxConns, connectionTermination } = knobs;
  const { drainNeverEnds, rstAtDrainEnd, healthFlap, closeNoticeMs, drainKeepsIdle } = knobs;
  const hosts = [...ADDRESSES, 'localhost', `*.${outside.region}.elb.amazonaws.com.lab.invalid`];
  const { nodesLike } = knobs;
  return {
    ...(nodesLike === 'kind' ? {} : { flavour: FLAVOURS[nodesLike] }),
    connectRetries,
    preopen,
    surgeQueue,
    backendMaxConns,
    connectionTermination,
    faults: { drainNeverEnds, rstAtDrainEnd, healthFlap, closeNoticeMs, drainKeepsIdle },
    lastNodeLeavesMs: knobs.nodeLeavesMs,
    onFault: outside.onFault,
    certificate: selfSignedCertificate(hosts, outside.now),
    ...(outside.accessLogDir === undefined ? {} : { accessLogDir: outside.accessLogDir }),
  };
}
