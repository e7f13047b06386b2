import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Service } from '../../domain/scenario.js';
import type { Target } from '../../domain/target.js';
import type { Clock } from '../../domain/time.js';
import type { IdleProbe } from '../safety/preflight-surroundings.js';
import { addressOf } from './http-probe.js';

const HEAD_MAX = 65_536;
const CONNECT_MS = 5_000;

/**
 * One request on a connection of its own, then silence: how long does the application keep it? Ends as soon as the
 * application names its timeout (`Keep-Alive: timeout=5`), closes, or has kept it for `limitMs`; null without a `url`.
 * Never rejects.
 */
export function probeIdle(
  target: Target,
  service: Service,
  limitMs: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<IdleProbe> | null {
  const url = addressOf(target);
  return url === null ? null : keptFor(target.id, url, service, limitMs, clock, signal);
}

async function keptFor(
  target: string,
  url: URL,
  service: Service,
  limitMs: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<IdleProbe> {
  const over = new AbortController();
  const end = (closedAfterMs: number | null, error: string | null = null): IdleProbe => ({
    target,
    closedAfterMs,
    error,
  });
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  const host = url.hostname.replace(/^\[|\]$/g, '');
  // Whose certificate it is does not matter here: nothing is believed but the time.
  const socket =
    url.protocol === 'https:'
      ? connectTls({ host, port, servername: new URL(service.url).hostname, rejectUnauthorized: false })
      : connect({ host, port });
  const result = new Promise<IdleProbe>((resolve) => {
    let head = '';
    let lastAt = clock.now();
    socket.setEncoding('latin1');
    socket.on('error', (error) => resolve(head === '' ? end(null, error.message) : end(clock.now() - lastAt)));
    socket.on('data', (chunk: string) => {
      lastAt = clock.now();
      if (head.length < HEAD_MAX) head += chunk;
      const named = /\r\nkeep-alive:[^\r\n]*?timeout=(\d{1,6})/i.exec(headOf(head))?.[1];
      if (named === undefined) return;
      const ms = Number(named) * 1000;
      resolve(end(ms < limitMs ? ms : null));
    });
    socket.on('end', () => resolve(head === '' ? end(null, 'it closed without an answer') : end(clock.now() - lastAt)));
    void clock.sleep(CONNECT_MS, over.signal).then(() => {
      if (head === '') resolve(end(null, `no answer within ${CONNECT_MS / 1000} s`));
    });
    void clock.sleep(CONNECT_MS + limitMs, over.signal).then(() => resolve(end(null)));
    signal.addEventListener('abort', () => resolve(end(null, 'stopped')), { once: true });
    socket.write(requestText(url, service));
  });
  try {
    return await result;
  } finally {
    over.abort();
    socket.on('error', () => undefined).destroy();
  }
}

/** Only what stands before the blank line is the head; a body may say anything. */
function headOf(text: string): string {
  const end = text.indexOf('\r\n\r\n');
  return end < 0 ? '' : text.slice(0, end);
}

/** No headers of the scenario: any answer will do, and a secret must not go to a host whose certificate was not checked. */
function requestText(url: URL, service: Service): string {
  const { host } = new URL(service.url);
  return `GET ${url.pathname}${url.search} HTTP/1.1\r\nhost: ${host}\r\nconnection: keep-alive\r\n\r\n`;
}
