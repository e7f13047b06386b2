import { createServer } from 'node:net';
import type { NodeView, NodeViewOptions } from '../dataplane/node-options.js';
import { askOver } from './admin-socket.js';
import { haproxyFiles } from './config.js';
import { HaproxyView } from './haproxy-view.js';
import { type HaproxySurroundings, startHaproxy } from './running.js';
import { RuntimeApi } from './runtime-api.js';

/** What the views of one lab share. */
export interface HaproxyPlane extends HaproxySurroundings {
  /** How many targets the lab has. */
  readonly targets: number;
}

const CONNECT_TIMEOUT_MS = 10_000;
const DEFAULT_TARGET_CONNS = 2_048;

/**
 * Starts a node on a HAProxy process of its own. Rejects with the system's code when its address cannot be listened on
 * (`EADDRINUSE` and the like), else with what HAProxy said; nothing is left behind then.
 */
export async function startHaproxyView(options: NodeViewOptions, plane: HaproxyPlane): Promise<NodeView> {
  const { host, flavour, listener = 'http' } = options;
  if (flavour === 'nlb' || listener !== 'http') {
    throw new Error(`the HAProxy data plane serves http listeners only, not ${flavour === 'nlb' ? 'tcp' : listener}`);
  }
  if (options.accessLog !== undefined) throw new Error('the HAProxy data plane writes no access logs');
  const port = await freePort(host, options.port);
  const files = haproxyFiles({
    host,
    port,
    flavour,
    slots: plane.targets,
    connectRetries: options.connectRetries,
    connectTimeoutMs: Math.min(CONNECT_TIMEOUT_MS, options.idleTimeoutMs),
    idleTimeoutMs: options.idleTimeoutMs,
    maxConnsPerTarget: options.backendMaxConns ?? DEFAULT_TARGET_CONNS,
  });
  const { pid, socket, stop } = await startHaproxy(files, plane);
  const haproxy = { pid, host, port, api: new RuntimeApi(askOver(socket)), stop };
  return new HaproxyView(options, haproxy, { clock: plane.clock, slots: plane.targets, onFatal: plane.onFatal });
}

/** HAProxy's own words on a bad address are not for programs, so the address is tried here first. */
export function freePort(host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address();
      const found = typeof address === 'object' && address !== null ? address.port : port;
      server.close(() => resolve(found));
    });
  });
}
