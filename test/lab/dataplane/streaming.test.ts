import { createHash } from 'node:crypto';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { ClientSocket } from '../../../src/lab/dataplane/client-socket.js';
import { acceptedPlain } from '../../../src/lab/dataplane/listener.js';
import { ManualClock } from './manual-clock.js';
import { closeAll, GET, ok, openClient, startBackend, startNode, until } from './support.js';

afterEach(closeAll);

const SIZE = 8 * 1024 * 1024;

function pattern(bytes: number): Buffer {
  const buffer = Buffer.allocUnsafe(bytes);
  for (let i = 0; i < bytes; i++) buffer[i] = (i * 31 + (i >> 8) * 7) & 255;
  return buffer;
}

const sha = (data: Buffer | string) =>
  createHash('sha1')
    .update(data as Buffer)
    .digest('hex');

test('a client that does not read stops the backend, and every byte arrives once it reads', async () => {
  // Far more than the kernel's socket buffers on the way (about 20 MiB at most): the rest would be in the node's memory.
  const total = 64 * 1024 * 1024;
  const block = pattern(64 * 1024);
  let written = 0;
  const backend = await startBackend((socket) => {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${total}\r\n\r\n`);
    const push = () => {
      while (written < total) {
        written += block.length;
        if (!socket.write(block)) break;
      }
    };
    socket.on('drain', push);
    push();
  });
  const node = await startNode();
  await node.addHealthy('i-1', backend.port);
  const { socket } = openClient(node.view.port);
  socket.removeAllListeners('data');
  socket.pause();
  socket.write(GET);
  await until('the stream has begun', () => written > 0);
  let last = -1;
  while (written !== last) {
    last = written;
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  expect(written).toBeLessThan(32 * 1024 * 1024);
  const hash = createHash('sha1');
  let headLeft = -1;
  let got = 0;
  socket.on('data', (chunk: Buffer) => {
    let body = chunk;
    if (headLeft < 0) {
      headLeft = chunk.indexOf('\r\n\r\n') + 4;
      body = chunk.subarray(headLeft);
    }
    got += body.length;
    hash.update(body);
  });
  socket.resume();
  await until('everything is there', () => got >= total);
  const expected = createHash('sha1');
  for (let at = 0; at < total; at += block.length) expected.update(block);
  expect(got).toBe(total);
  expect(hash.digest('hex')).toBe(expected.digest('hex'));
}, 20_000);

test.each(['length', 'chunked'] as const)(
  '8 MiB up to a backend that reads late (%s)',
  async (framing) => {
    const body = pattern(SIZE);
    const hash = createHash('sha1');
    let got = 0;
    const wanted = () => headBytes + wire.length;
    const backend = await startBackend((socket, _soFar, chunk) => {
      if (got >= wanted()) return;
      if (got === 0) {
        // Reads nothing for a while after the first bytes.
        socket.pause();
        setTimeout(() => socket.resume(), 150);
      }
      got += chunk.length;
      hash.update(chunk);
      if (got >= wanted()) socket.write(ok(`got ${got}`));
    });
    const node = await startNode();
    await node.addHealthy('i-1', backend.port);
    const port = String(node.view.port);
    const head = (line: string) => `POST /up HTTP/1.1\r\nHost: a\r\n${line}\r\n`;
    const forwarded = `X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Port: ${port}\r\n\r\n`;
    const line = framing === 'length' ? `Content-Length: ${SIZE}` : 'Transfer-Encoding: chunked';
    const headBytes = head(line).length + forwarded.length;
    const chunks: Buffer[] = [];
    if (framing === 'length') chunks.push(body);
    else {
      for (let at = 0; at < SIZE; at += 100_000) {
        const piece = body.subarray(at, at + 100_000);
        chunks.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n'));
      }
      chunks.push(Buffer.from('0\r\n\r\n'));
    }
    const wire = Buffer.concat(chunks);
    const client = openClient(node.view.port);
    client.send(`${head(line)}\r\n`);
    client.send(wire);
    const text = await client.sees('the answer', (seen) => seen.includes('got '));
    expect(text).toContain(`got ${headBytes + wire.length}`);
    expect(hash.digest('hex')).toBe(sha(Buffer.concat([Buffer.from(head(line) + forwarded), wire])));
    // The connection is still in step.
    client.send(GET);
    await until('the next request is at the backend', () =>
      backend.received.some((seen) => seen.endsWith(tailOf(port))),
    );
  },
  20_000,
);

function tailOf(port: string): string {
  return `X-Forwarded-Port: ${port}\r\n\r\n`;
}

test('a backend that does not read stops the client', async () => {
  const total = 64 * 1024 * 1024;
  const block = pattern(64 * 1024);
  const backend = await startBackend((socket) => void socket.pause());
  const node = await startNode();
  await node.addHealthy('i-1', backend.port);
  const { socket } = openClient(node.view.port);
  let written = 0;
  const push = () => {
    while (written < total) {
      written += block.length;
      if (!socket.write(block)) break;
    }
  };
  socket.on('drain', push);
  socket.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${total}\r\n\r\n`);
  push();
  await until('the request is at the backend', () => backend.received.length === 1);
  let last = -1;
  while (written !== last) {
    last = written;
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  expect(written).toBeLessThan(32 * 1024 * 1024);
}, 20_000);

test('saying goodbye waits for a slow reader to take what was written before it counts its second', async () => {
  const clock = new ManualClock();
  const body = pattern(2 * SIZE);
  const server = createServer({ allowHalfOpen: true });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const slow = connect((server.address() as AddressInfo).port, '127.0.0.1');
  slow.pause();
  const socket = await accepted;
  const client = new ClientSocket(acceptedPlain(socket), clock);
  client.write(body);
  client.finish();
  await new Promise((resolve) => setImmediate(resolve));
  await clock.advance(5_000);
  expect(socket.destroyed).toBe(false);
  let got = 0;
  slow.on('data', (chunk: Buffer) => {
    got += chunk.length;
  });
  slow.resume();
  await until('everything is there', () => got === body.length);
  await until('the socket is flushed', () => socket.writableFinished);
  await clock.advance(1_000);
  expect(socket.destroyed).toBe(true);
  slow.destroy();
  server.close();
}, 20_000);

test('a client that pipelines and reads nothing is not read from for ever', async () => {
  const node = await startNode();
  const client = openClient(node.view.port);
  client.socket.pause();
  const batch = GET.repeat(2_000);
  let sent = 0;
  let blocked = false;
  while (!blocked && sent < 64 * 1024 * 1024) {
    sent += batch.length;
    blocked = !client.socket.write(batch) && !(await drained(client.socket));
  }
  expect(blocked).toBe(true);
}, 20_000);

function drained(socket: NodeJS.EventEmitter): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), 500);
    socket.once('drain', () => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}
