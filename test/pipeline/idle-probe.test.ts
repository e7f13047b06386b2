import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../src/domain/time.js';
import { probeIdle } from '../../src/pipeline/probe/idle-probe.js';
import { testScenario } from '../support/scenario.js';

const never = new AbortController().signal;
const { service } = testScenario();
const LIMIT_MS = 60_500;
const open: { server: Server; sockets: Set<Socket> }[] = [];
afterEach(() => {
  for (const { server, sockets } of open.splice(0)) {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
});

/** A clock that stands still until it is set; sleeps end when it has passed them. */
function setClock() {
  let now = 0;
  const asleep: { until: number; wake: () => void }[] = [];
  const clock: Clock = {
    now: () => now,
    wallTime: () => new Date(now),
    sleep: (ms, signal) =>
      new Promise((wake) => {
        asleep.push({ until: now + ms, wake });
        signal?.addEventListener('abort', () => wake(), { once: true });
      }),
  };
  const set = (to: number) => {
    now = to;
    for (const s of asleep) if (s.until <= now) s.wake();
  };
  return { clock, set };
}

/** An application that answers the one request with these bytes; `first` resolves with its socket and the request. */
async function application(answer: string | null) {
  const sockets = new Set<Socket>();
  let tell: (got: { socket: Socket; request: string }) => void = () => undefined;
  const first = new Promise<{ socket: Socket; request: string }>((resolve) => {
    tell = resolve;
  });
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('data', (request) => {
      if (answer === null) tell({ socket, request: String(request) });
      else socket.write(answer, () => tell({ socket, request: String(request) }));
    });
  });
  open.push({ server, sockets });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return { target: { id: 'a', instance: 'i-a', url }, first };
}
const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n';
/** Long enough for the probe to have read what was written. */
const read = () => new Promise((resolve) => setTimeout(resolve, 100));

describe('how long an application keeps an idle connection', () => {
  it('is not known without an address', () => {
    expect(probeIdle({ id: 'a', instance: 'i-a' }, service, LIMIT_MS, setClock().clock, never)).toBeNull();
  });

  it.each([
    ['its own word', 'keep-alive: timeout=5\r\n\r\nok', 5_000],
    ['its own word among others', 'Keep-Alive: max=100, timeout=7\r\n\r\nok', 7_000],
    ['its word that it is longer than the balancer', 'keep-alive: timeout=75\r\n\r\nok', null],
  ])('is %s', async (_what, head, closedAfterMs) => {
    const { target, first } = await application(OK + head);
    const found = probeIdle(target, service, LIMIT_MS, setClock().clock, never);
    expect(await found).toEqual({ target: 'a', closedAfterMs, error: null });
    const { request } = await first;
    expect(request).toBe('GET / HTTP/1.1\r\nhost: lb.test\r\nconnection: keep-alive\r\n\r\n');
  });

  it('counts from the last byte to the close, and believes no body', async () => {
    const { target, first } = await application(`${OK}\r\n\r\nkeep-alive: timeout=1`);
    const { clock, set } = setClock();
    const found = probeIdle(target, service, LIMIT_MS, clock, never);
    const { socket } = await first;
    await read();
    set(5_000);
    socket.end();
    expect(await found).toEqual({ target: 'a', closedAfterMs: 5_000, error: null });
  });

  it('is longer than the balancer’s when it is still open then', async () => {
    const { target, first } = await application(`${OK}\r\nok`);
    const { clock, set } = setClock();
    const found = probeIdle(target, service, LIMIT_MS, clock, never);
    await first;
    await read();
    set(10 * 60_000);
    expect(await found).toEqual({ target: 'a', closedAfterMs: null, error: null });
  });

  it('stays unknown, with the reason, of one that refuses, says nothing or only hangs up, or is not waited for', async () => {
    const gone = { id: 'a', instance: 'i-a', url: 'http://127.0.0.1:1/' };
    expect(await probeIdle(gone, service, LIMIT_MS, setClock().clock, never)).toMatchObject({
      closedAfterMs: null,
      error: expect.stringContaining('ECONNREFUSED'),
    });
    const silent = await application(null);
    const { clock, set } = setClock();
    const unanswered = probeIdle(silent.target, service, LIMIT_MS, clock, never);
    await silent.first;
    set(5_000);
    expect(await unanswered).toMatchObject({ closedAfterMs: null, error: 'no answer within 5 s' });
    const rude = await application(null);
    const hungUp = probeIdle(rude.target, service, LIMIT_MS, setClock().clock, never);
    (await rude.first).socket.end();
    expect(await hungUp).toMatchObject({ closedAfterMs: null, error: 'it closed without an answer' });
    const stop = new AbortController();
    const stopped = probeIdle(silent.target, service, LIMIT_MS, setClock().clock, stop.signal);
    stop.abort();
    expect(await stopped).toMatchObject({ error: 'stopped' });
  });
});
