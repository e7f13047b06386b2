import { connect as connectTcp } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import { selfSignedCertificate } from '../../../src/lab/certificate.js';
import { answering, CLB_503, closeAll, GET, ok, startBackend, startNode, TCP_CHECK, until } from './support.js';

afterEach(closeAll);

const certificate = selfSignedCertificate(['127.0.0.1'], new Date());

interface SecureClient {
  readonly socket: TLSSocket;
  text(): string;
  errorCode(): string | null;
}

async function openSecure(port: number): Promise<SecureClient> {
  let text = '';
  let code: string | null = null;
  const socket = connect({ host: '127.0.0.1', port, ca: certificate.certPem });
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    code = error.code ?? 'unknown';
  });
  await until('the handshake is done', () => socket.authorized);
  return { socket, text: () => text, errorCode: () => code };
}

test('HTTPS: a verified certificate, keep-alive, X-Forwarded-Proto https, large bodies whole', async () => {
  const big = 'x'.repeat(3_000_000);
  const backend = await startBackend((socket, soFar) => {
    if (soFar.endsWith('\r\n\r\n')) socket.write(ok(soFar.includes('/big') ? big : 'small'));
  });
  const node = await startNode({ listener: 'https', certificate });
  await node.addHealthy('i-1', backend.port);
  const client = await openSecure(node.view.port);
  client.socket.write(GET);
  await until('an answer', () => client.text().endsWith('small'));
  client.socket.write('GET /big HTTP/1.1\r\nHost: a\r\n\r\n');
  await until('the big one', () => client.text().length > big.length && client.text().endsWith('xxx'));
  expect(client.text().endsWith(`\r\n\r\n${big}`)).toBe(true);
  expect(backend.received[0]).toContain(`X-Forwarded-Proto: https\r\nX-Forwarded-Port: ${node.view.port}\r\n`);
  expect(backend.connections).toBeGreaterThan(0);
  client.socket.destroy();
});

test('HTTPS: what is no TLS, and a handshake that never ends, is dropped and the node serves on', async () => {
  const node = await startNode({ listener: 'https', certificate, idleTimeoutMs: 200 });
  for (const bytes of [GET, '\x16\x03\x01', '']) {
    const socket = connectTcp(node.view.port, '127.0.0.1');
    let over = false;
    socket.on('close', () => {
      over = true;
    });
    socket.on('error', () => undefined);
    socket.on('data', () => undefined);
    socket.write(bytes);
    await until(`it is dropped after ${JSON.stringify(bytes.slice(0, 5))}`, () => over);
  }
  const client = await openSecure(node.view.port);
  client.socket.write(GET);
  await until('an answer', () => client.text() === CLB_503);
  client.socket.destroy();
});

test('HTTPS: a body without framing that was cut is told by a reset', async () => {
  const backend = await startBackend((socket) => {
    socket.write('HTTP/1.1 200 OK\r\n\r\nabc', () => setTimeout(() => socket.resetAndDestroy(), 20));
  });
  const node = await startNode({ listener: 'https', certificate });
  await node.addHealthy('i-1', backend.port);
  const client = await openSecure(node.view.port);
  client.socket.write(GET);
  await until('it is cut', () => client.errorCode() !== null);
  expect(client.text()).toMatch(/abc$/);
  expect(client.errorCode()).toBe('ECONNRESET');
});

test('SSL: the bytes inside go to the target as they are', async () => {
  const backend = await startBackend(answering(ok('plain')));
  const node = await startNode({ listener: 'ssl', certificate, health: TCP_CHECK });
  await node.addHealthy('i-1', backend.port);
  const client = await openSecure(node.view.port);
  client.socket.write(GET);
  await until('an answer', () => client.text() === ok('plain'));
  expect(backend.received.at(-1)).toBe(GET);
  client.socket.end();
  await until('the flow is over', () => node.view.inFlight('i-1') === 0);
});

test('a listener with TLS and without a certificate does not start', async () => {
  await expect(startNode({ listener: 'https' })).rejects.toThrow('needs a certificate');
});
