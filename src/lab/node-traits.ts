import { selfSignedCertificate } from './certificate.js';
import type { NodeTraits } from './node-group.js';
import type { LabSettings } from './presets.js';

/** The most nodes a lab can have, and so the addresses its certificate is for: 127.0.0.1 and eight from 127.0.0.2 on. */
const ADDRESSES = Array.from({ length: 9 }, (_, index) => `127.0.0.${index + 1}`);

/** What the preset and the knobs make of every node. A lab with TLS makes its certificate here, anew each time. */
export function nodeTraits(
  { flavour, knobs }: LabSettings,
  outside: {
    readonly region: string;
    readonly accessLogDir: string | undefined;
    readonly now: Date;
    readonly onFault: (cause: unknown) => void;
  },
): NodeTraits {
  const { listener, connectRetries, preopen, surgeQueue, backendMaxConns, connectionTermination } = knobs;
  const { drainNeverEnds, rstAtDrainEnd, healthFlap } = knobs;
  const hosts = [...ADDRESSES, 'localhost', `*.${outside.region}.elb.amazonaws.com.lab.invalid`];
  const secure = listener === 'https' || listener === 'ssl';
  return {
    flavour,
    listener: listener as NonNullable<NodeTraits['listener']>,
    connectRetries,
    preopen,
    surgeQueue,
    backendMaxConns,
    connectionTermination,
    faults: { drainNeverEnds, rstAtDrainEnd, healthFlap },
    onFault: outside.onFault,
    ...(secure ? { certificate: selfSignedCertificate(hosts, outside.now) } : {}),
    ...(outside.accessLogDir === undefined ? {} : { accessLogDir: outside.accessLogDir }),
  };
}
