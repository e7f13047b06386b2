import { isIP } from 'node:net';
import { type ReplyCause, replyTexts } from '../dataplane/replies.js';

/** What one HAProxy process serves: one listener on one node. */
export interface HaproxyNode {
  /** An IP address, never a name. */
  readonly host: string;
  readonly port: number;
  readonly flavour: 'clb' | 'alb';
  /** How many targets can be behind it at once. */
  readonly slots: number;
  readonly connectRetries: number;
  readonly connectTimeoutMs: number;
  readonly idleTimeoutMs: number;
  /** Requests outstanding per target beyond which HAProxy queues. */
  readonly maxConnsPerTarget: number;
}

/** The main file among `haproxyFiles`. */
export const CONFIG_FILE = 'haproxy.cfg';
/** The runtime API's socket, in the folder HAProxy runs in. */
export const SOCKET_FILE = 'admin.sock';
/** HAProxy's name for the proxy that holds the targets. */
export const BACKEND = 'targets';

/** HAProxy's name for the nth slot, from 0; a slot is a server line whose address is set at run time. */
export const slotName = (index: number): string => `t${index + 1}`;

/** Which of the balancer's replies stands in which file, and for which of HAProxy's own statuses. */
const REPLY_FILES: readonly { readonly file: string; readonly cause: ReplyCause; readonly status: number | null }[] = [
  { file: 'no-target.http', cause: 'no-backend', status: null },
  { file: 'bad-request.http', cause: 'bad-request', status: 400 },
  { file: 'client-timeout.http', cause: 'client-timeout', status: 408 },
  { file: 'target-closed.http', cause: 'backend-closed', status: 502 },
  { file: 'connect-failed.http', cause: 'connect-failed', status: 503 },
  { file: 'target-timeout.http', cause: 'backend-timeout', status: 504 },
];
const CLOSING: ReadonlySet<ReplyCause> = new Set<ReplyCause>(['bad-request', 'client-timeout']);

/**
 * Every file a HAProxy process needs, by name, relative to the folder it runs in. No text from outside goes in: numbers,
 * an address that is checked to be one, and our own words; targets are numbered, never named.
 * @throws Error for anything else, which would be the lab's own fault.
 */
export function haproxyFiles(node: HaproxyNode): ReadonlyMap<string, string> {
  const reply = replyTexts(node.flavour, () => new Date(0));
  const files = new Map([[CONFIG_FILE, configText(node)]]);
  for (const { file, cause } of REPLY_FILES) {
    // The date of an ALB's reply is that of the answer: the configuration adds it.
    files.set(file, reply(cause, CLOSING.has(cause), false).replace(/^Date: .*\r\n/m, ''));
  }
  return files;
}

function configText(node: HaproxyNode): string {
  const { host, port, flavour } = node;
  if (isIP(host) === 0) throw new Error(`'${host}' is not an IP address`);
  const idle = wholeMs(node.idleTimeoutMs);
  return `${[
    'global',
    '  nbthread 1',
    // Two processes must not share an address in silence.
    '  noreuseport',
    `  stats socket unix@${SOCKET_FILE} mode 600 level admin`,
    'defaults',
    '  mode http',
    `  timeout connect ${wholeMs(node.connectTimeoutMs)}`,
    ...['client', 'server', 'queue', 'http-request', 'http-keep-alive'].map((side) => `  timeout ${side} ${idle}`),
    '  http-reuse always',
    `  retries ${whole(node.connectRetries)}`,
    // Only a connection that never opened is tried again, at another target: nothing written is ever sent twice.
    '  retry-on conn-failure',
    ...(node.connectRetries > 0 ? ['  option redispatch 1'] : []),
    '  option abortonclose',
    '  option forwardfor',
    ...REPLY_FILES.flatMap(({ file, status }) => (status === null ? [] : [`  errorfile ${status} ${file}`])),
    'frontend node',
    `  bind ${host.includes(':') ? `[${host}]` : host}:${whole(port)}`,
    ...(flavour === 'alb'
      ? ['  http-after-response add-header Date %[date,http_date] unless { res.hdr(Date) -m found }']
      : []),
    `  http-request return status 503 errorfile no-target.http unless { nbsrv(${BACKEND}) gt 0 }`,
    '  http-request set-header X-Forwarded-Proto http',
    `  http-request set-header X-Forwarded-Port ${whole(port)}`,
    `  default_backend ${BACKEND}`,
    `backend ${BACKEND}`,
    `  balance ${flavour === 'alb' ? 'roundrobin' : 'leastconn'}`,
    ...Array.from(
      { length: whole(node.slots) },
      (_, index) => `  server ${slotName(index)} 127.0.0.1:1 maxconn ${whole(node.maxConnsPerTarget)} disabled`,
    ),
  ].join('\n')}\n`;
}

/** HAProxy takes whole milliseconds and calls 0 "for ever". */
export const wholeMs = (ms: number): number => Math.max(1, whole(Math.round(ms)));

/** @throws Error for what is no whole number of at least 0. */
export function whole(value: number): number {
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`${value} is not a whole number`);
  return value;
}
