import { afterEach, describe, expect, test } from 'vitest';
import { replyTexts } from '../../../src/lab/dataplane/replies.js';
import {
  answering,
  CLB_400,
  CLB_405,
  CLB_408,
  CLB_502,
  CLB_503,
  CLB_504,
  closeAll,
  exchange,
  GET,
  ok,
  openClient,
  refusedPort,
  startBackend,
  startNode,
  TCP_CHECK,
  until,
} from './support.js';

afterEach(closeAll);

const WALL = new Date('2026-01-02T03:04:05Z');
const alb = replyTexts('alb', () => WALL);

describe('the bytes of an ALB reply', () => {
  test('are those of the captures: 162 bytes of html for a 503, 122 for a 502, 132 for a 504', () => {
    const text = alb('no-backend', false, false);
    const title = '503 Service Temporarily Unavailable';
    const html = `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n</body>\r\n</html>\r\n`;
    expect(text).toBe(
      `HTTP/1.1 ${title}\r\nServer: awselb/2.0\r\nDate: Fri, 02 Jan 2026 03:04:05 GMT\r\nContent-Type: text/html\r\n` +
        `Content-Length: 162\r\nConnection: keep-alive\r\n\r\n${html}`,
    );
    expect(html).toHaveLength(162);
    expect(alb('backend-closed', false, false)).toContain('HTTP/1.1 502 Bad Gateway\r\n');
    expect(alb('backend-closed', false, false)).toContain('Content-Length: 122\r\n');
    expect(alb('backend-timeout', false, false)).toContain('Content-Length: 132\r\n');
    expect(alb('no-backend', false, true).endsWith('\r\n\r\n')).toBe(true);
  });
});

/** What a client gets when the only backend does this with a request. */
async function replyFrom(flavour: 'clb' | 'alb', handle: Parameters<typeof startBackend>[0]): Promise<string> {
  const backend = await startBackend(handle);
  const node = await startNode({ flavour, idleTimeoutMs: 150 });
  await node.addHealthy('i-1', backend.port);
  const client = openClient(node.view.port);
  client.send(GET);
  return client.sees('a reply', (text) => text.includes('\r\n\r\n') || client.closed);
}

describe('a Classic ELB answers by itself', () => {
  test('503 when nothing is registered, and keeps the connection', async () => {
    const node = await startNode();
    const client = openClient(node.view.port);
    client.send(GET);
    await client.sees('one 503', (text) => text === CLB_503);
    client.send(GET);
    await client.sees('two 503s', (text) => text === CLB_503 + CLB_503);
    expect(client.closed).toBe(false);
  });

  test('503 when nothing is healthy', async () => {
    const node = await startNode();
    node.view.add({ instanceId: 'i-1', host: '127.0.0.1', port: await refusedPort() });
    const client = openClient(node.view.port);
    client.send(GET);
    await client.sees('a 503', (text) => text === CLB_503);
  });

  test('504 at once when the backend closes, or resets, with the request outstanding', async () => {
    expect(await replyFrom('clb', (socket) => void socket.end())).toBe(CLB_504);
    expect(await replyFrom('clb', (socket) => void socket.resetAndDestroy())).toBe(CLB_504);
  });

  test('504 when nothing comes within the idle timeout, 502 when nonsense comes', async () => {
    expect(await replyFrom('clb', () => undefined)).toBe(CLB_504);
    expect(await replyFrom('clb', (socket) => void socket.write('SSH-2.0-OpenSSH\r\n'))).toBe(CLB_502);
    expect(await replyFrom('clb', (socket) => void socket.write('HTTP/1.1 200 OK\r\nbad name: x\r\n\r\n'))).toBe(
      CLB_502,
    );
    expect(await replyFrom('clb', (socket) => void socket.write('HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n'))).toBe(
      CLB_502,
    );
    const both = 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n';
    expect(await replyFrom('clb', (socket) => void socket.write(both))).toBe(CLB_502);
  });

  test('503 when the connection is refused and the retries are used up', async () => {
    const backend = await startBackend(answering(ok()));
    const node = await startNode();
    await node.addHealthy('i-1', backend.port);
    await backend.close();
    const client = openClient(node.view.port);
    client.send(GET);
    await client.sees('a 503', (text) => text === CLB_503);
  });

  test('400 to a bad request line, 405 to a method of 128 characters and not of 127, and closes', async () => {
    const backend = await startBackend(answering(ok()));
    const node = await startNode();
    await node.addHealthy('i-1', backend.port);
    expect(await exchange(node.view.port, 'GET  / HTTP/1.1\r\nHost: a\r\n\r\n')).toBe(CLB_400);
    expect(await exchange(node.view.port, `${'M'.repeat(128)} / HTTP/1.1\r\nHost: a\r\n\r\n`)).toBe(CLB_405);
    const long = `${'M'.repeat(127)} / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;
    expect(await exchange(node.view.port, long)).toContain('200 OK');
  });

  test('408 to a partial head, to a body that stops, to a client that gives up half-way, and to TLS', async () => {
    const backend = await startBackend(() => undefined);
    const node = await startNode({ idleTimeoutMs: 150 });
    await node.addHealthy('i-1', backend.port);
    expect(await exchange(node.view.port, 'GET / HTT')).toBe(CLB_408);
    expect(await exchange(node.view.port, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc')).toBe(CLB_408);
    const leaving = openClient(node.view.port);
    leaving.socket.end('GET / HTTP/1.1\r\nHost');
    expect(await leaving.ended()).toBe(CLB_408);
    expect(await exchange(node.view.port, '\x16\x03\x01\x02\x00\x01')).toBe(CLB_408);
  });

  test('nothing at all on a connection that stays idle: it is closed', async () => {
    const node = await startNode({ idleTimeoutMs: 100 });
    expect(await exchange(node.view.port, '')).toBe('');
  });

  test('a head sent a byte at a time has its time from the first byte on', async () => {
    const node = await startNode({ idleTimeoutMs: 200 });
    const client = openClient(node.view.port);
    const drip = setInterval(() => client.send('a'), 20);
    client.send('GET /');
    const text = await client.ended();
    clearInterval(drip);
    expect(text).toBe(CLB_408);
  });

  test('by cutting the client when the response had begun', async () => {
    const client = async (response: string, end: 'end' | 'resetAndDestroy') => {
      const backend = await startBackend((socket) => {
        socket.write(response, () => setTimeout(() => socket[end](), 20));
      });
      const node = await startNode();
      await node.addHealthy('i-1', backend.port);
      const opened = openClient(node.view.port);
      opened.send(GET);
      await opened.ended();
      return opened;
    };
    const short = await client('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc', 'end');
    expect(short.text()).toBe('HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: keep-alive\r\n\r\nabc');
    const chunked = await client('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n', 'end');
    expect(chunked.text().endsWith('3\r\nabc\r\n')).toBe(true);
    // Without framing only a reset tells the client that the body is not whole.
    const bare = await client('HTTP/1.1 200 OK\r\n\r\nabc', 'resetAndDestroy');
    await until('the client hears of the reset', () => bare.errorCode !== null);
    expect(bare.errorCode).toBe('ECONNRESET');
    const whole = await client('HTTP/1.1 200 OK\r\n\r\nabc', 'end');
    expect(whole.errorCode).toBeNull();
    expect(whole.text()).toBe('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc');
  });

  test('503 spillover when the surge queue is full; the queued one is served in the end', async () => {
    const holding: (() => void)[] = [];
    const backend = await startBackend((socket) => void holding.push(() => socket.write(ok())));
    const node = await startNode({ surgeQueue: 1, backendMaxConns: 1 });
    await node.addHealthy('i-1', backend.port);
    const [first, second, third] = [0, 1, 2].map(() => openClient(node.view.port));
    first!.send(GET);
    await until('the first is at the backend', () => holding.length === 1);
    second!.send(GET);
    await new Promise((resolve) => setTimeout(resolve, 20));
    third!.send(GET);
    await third!.sees('a 503', (text) => text === CLB_503);
    expect(second!.text()).toBe('');
    holding.shift()!();
    await until('the second is at the backend', () => holding.length === 1);
    holding.shift()!();
    await second!.sees('a 200', (text) => text.startsWith('HTTP/1.1 200'));
    expect(node.view.inFlight('i-1')).toBe(0);
  });
});

describe('an ALB answers by itself', () => {
  test('502 for a closed connection and for nonsense, 504 for silence', async () => {
    expect(await replyFrom('alb', (socket) => void socket.end())).toContain(
      'HTTP/1.1 502 Bad Gateway\r\nServer: awselb/2.0',
    );
    expect(await replyFrom('alb', (socket) => void socket.write('nonsense\r\n'))).toContain('HTTP/1.1 502');
    expect(await replyFrom('alb', () => undefined)).toContain('HTTP/1.1 504 Gateway Time-out');
  });

  test('503 with none registered, and fails open with none healthy', async () => {
    const backend = await startBackend(answering(ok()));
    const node = await startNode({
      flavour: 'alb',
      health: { ...TCP_CHECK, kind: 'http', path: '/sick', timeoutMs: 50 },
    });
    const client = openClient(node.view.port);
    client.send(GET);
    await client.sees('a 503', (text) => text.startsWith('HTTP/1.1 503 Service Temporarily Unavailable'));
    node.view.add({ instanceId: 'i-1', host: '127.0.0.1', port: backend.port });
    const late = openClient(node.view.port);
    late.send(GET);
    await late.sees('a 200', (text) => text.startsWith('HTTP/1.1 200'));
  });

  test('502 when connecting is refused, 405 to TRACE, 463 to more than 30 addresses', async () => {
    const node = await startNode({ flavour: 'alb', connectRetries: 0 });
    node.view.add({ instanceId: 'i-1', host: '127.0.0.1', port: await refusedPort() });
    const ask = (head: string) => exchange(node.view.port, `${head}Host: a\r\nConnection: close\r\n\r\n`);
    expect(await ask('GET / HTTP/1.1\r\n')).toContain('HTTP/1.1 502');
    expect(await ask('TRACE / HTTP/1.1\r\n')).toContain('HTTP/1.1 405');
    const addresses = Array.from({ length: 31 }, (_, i) => `10.0.0.${i}`).join(', ');
    expect(await ask(`GET / HTTP/1.1\r\nX-Forwarded-For: ${addresses}\r\n`)).toContain('HTTP/1.1 463 ');
  });
});
