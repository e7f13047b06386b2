import { isIP } from 'node:net';
import { LAB_HEALTH_PATH } from '../elb/health-check.js';
import type { LabKnobs } from '../knobs.js';
import { BACKEND, CONFIG_FILE, SOCKET_FILE, whole, wholeMs } from './config.js';
import { type HaproxySurroundings, type RunningHaproxy, startHaproxy } from './running.js';
import { freePort } from './start.js';

/** A HAProxy that is the lab's load balancer itself, spoken to over its runtime API. */
export interface OwnHaproxy extends Pick<RunningHaproxy, 'pid' | 'socket' | 'stop'> {
  readonly host: string;
  readonly port: number;
  /** Its backend; each server in it has its instance's name. */
  readonly backend: string;
}

/** A target as HAProxy gets it. */
export interface HaproxyServerLine {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** Starts in maintenance. */
  readonly disabled: boolean;
}

/** An address of its own, where there is one. */
const HOSTS = ['127.0.0.2', '127.0.0.1'] as const;
const NAME = /^[A-Za-z0-9_.:-]{1,200}$/;
const CONNECT_TIMEOUT_MS = 10_000;

/** Starts HAProxy in front of `servers`, with health checks of its own. @throws Error when it does not serve. */
export async function startOwnHaproxy(
  servers: readonly HaproxyServerLine[],
  knobs: LabKnobs,
  surroundings: HaproxySurroundings,
): Promise<OwnHaproxy> {
  const { host, port } = await freeAddress();
  const files = new Map([[CONFIG_FILE, ownConfig(servers, knobs, host, port)]]);
  const { pid, socket, stop } = await startHaproxy(files, surroundings);
  return { pid, socket, stop, host, port, backend: BACKEND };
}

async function freeAddress(): Promise<{ readonly host: string; readonly port: number }> {
  const [own, shared] = HOSTS;
  try {
    return { host: own, port: await freePort(own, 0) };
  } catch (unbindable) {
    void unbindable;
    return { host: shared, port: await freePort(shared, 0) };
  }
}

/** No text from outside but names that are checked to be HAProxy's. @throws Error for others. */
export function ownConfig(servers: readonly HaproxyServerLine[], knobs: LabKnobs, host: string, port: number): string {
  const idle = wholeMs(knobs.idleTimeoutMs);
  const lines = servers.map((server) => {
    if (!NAME.test(server.name)) throw new Error(`'${server.name}' is not a name HAProxy can have`);
    if (isIP(server.host) === 0) throw new Error(`'${server.host}' is not an IP address`);
    return `  server ${server.name} ${server.host}:${whole(server.port)}${server.disabled ? ' disabled' : ''}`;
  });
  return `${[
    'global',
    '  nbthread 1',
    '  noreuseport',
    `  stats socket unix@${SOCKET_FILE} mode 600 level admin`,
    'defaults',
    '  mode http',
    `  timeout connect ${wholeMs(Math.min(CONNECT_TIMEOUT_MS, knobs.idleTimeoutMs))}`,
    `  timeout check ${wholeMs(knobs.healthTimeoutMs)}`,
    ...['client', 'server', 'queue', 'http-request', 'http-keep-alive'].map((side) => `  timeout ${side} ${idle}`),
    `  retries ${whole(knobs.connectRetries)}`,
    '  retry-on conn-failure',
    ...(knobs.connectRetries > 0 ? ['  option redispatch 1'] : []),
    '  option forwardfor',
    'frontend lab',
    `  bind ${host}:${whole(port)}`,
    `  default_backend ${BACKEND}`,
    `backend ${BACKEND}`,
    '  balance roundrobin',
    `  option httpchk GET ${LAB_HEALTH_PATH}`,
    `  default-server check inter ${wholeMs(knobs.healthIntervalMs)} rise ${whole(knobs.healthyThreshold)} fall ${whole(knobs.unhealthyThreshold)} maxconn ${whole(knobs.backendMaxConns)}`,
    ...lines,
  ].join('\n')}\n`;
}
