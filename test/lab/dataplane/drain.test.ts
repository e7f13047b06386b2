import { afterEach, describe, expect, test } from 'vitest';
import {
  answering,
  CLB_503,
  CLB_504,
  closeAll,
  GET,
  ok,
  openClient,
  refusedPort,
  startBackend,
  startNode,
  until,
} from './support.js';

afterEach(closeAll);

const DRAIN = { enabled: true, timeoutMs: 60_000 };

/** A node with one backend that holds requests until told, and a request under way. */
async function heldRequest(flavour: 'clb' | 'alb' = 'clb') {
  const answers: ((text: string) => void)[] = [];
  const backend = await startBackend((socket) => void answers.push((text) => socket.write(text)));
  const node = await startNode({ flavour });
  await node.addHealthy('i-1', backend.port);
  const client = openClient(node.view.port);
  client.send(GET);
  await until('the request is at the backend', () => answers.length === 1);
  return { backend, node, client, answer: answers[0]!, answers };
}

describe('taking a backend out', () => {
  test('with draining: no new request, the one under way ends whole, then the promise resolves', async () => {
    const { node, client, answer, backend } = await heldRequest();
    expect(node.view.inFlight('i-1')).toBe(1);
    let removed = false;
    const removing = node.view.remove('i-1', DRAIN).then(() => {
      removed = true;
    });
    expect(node.view.health('i-1')).toBe('absent');
    const other = openClient(node.view.port);
    other.send(GET);
    await other.sees('a 503', (text) => text === CLB_503);
    expect(removed).toBe(false);
    expect(node.view.inFlight('i-1')).toBe(1);
    answer(ok('late'));
    await removing;
    await client.sees('the whole answer', (text) => text.endsWith('late'));
    expect(node.view.inFlight('i-1')).toBe(0);
    await until('the backend connection is closed', () => backend.sockets.size === 0);
    // The client's connection outlives the backend.
    client.send(GET);
    await client.sees('a 503', (text) => text.endsWith(CLB_503));
  });

  test('cuts at the timeout: 504 when nothing was sent, a truncated body when it had begun', async () => {
    const silent = await heldRequest();
    const started = performance.now();
    await silent.node.view.remove('i-1', { enabled: true, timeoutMs: 120 });
    expect(performance.now() - started).toBeGreaterThanOrEqual(115);
    await silent.client.sees('a 504', (text) => text === CLB_504);
    expect(silent.client.closed).toBe(false);

    const begun = await heldRequest();
    begun.answer('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc');
    await begun.client.sees('the beginning', (text) => text.endsWith('abc'));
    await begun.node.view.remove('i-1', { enabled: true, timeoutMs: 30 });
    expect(await begun.client.ended()).toBe(
      'HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: keep-alive\r\n\r\nabc',
    );
  });

  test('without draining: cut at once (clb 504, alb 502)', async () => {
    const clb = await heldRequest();
    await clb.node.view.remove('i-1', { enabled: false, timeoutMs: 300_000 });
    await clb.client.sees('a 504', (text) => text === CLB_504);
    const alb = await heldRequest('alb');
    await alb.node.view.remove('i-1', { enabled: false, timeoutMs: 0 });
    await alb.client.sees('a 502', (text) => text.startsWith('HTTP/1.1 502 Bad Gateway'));
  });

  test('closes pooled connections and resolves at once when nothing is under way', async () => {
    const backend = await startBackend(answering(ok()));
    const node = await startNode({ preopen: 3 });
    await node.addHealthy('i-1', backend.port);
    await until('three connections wait', () => backend.sockets.size === 3);
    await node.view.remove('i-1', DRAIN);
    await until('none is left', () => backend.sockets.size === 0);
    await node.view.remove('i-1', DRAIN);
    await node.view.remove('unknown', DRAIN);
  });

  test('is called off by adding again: the request under way is spared, checks start afresh', async () => {
    const { node, client, answer, answers, backend } = await heldRequest();
    const removing = node.view.remove('i-1', { enabled: true, timeoutMs: 80 });
    node.view.add({ instanceId: 'i-1', host: '127.0.0.1', port: backend.port });
    expect(node.view.health('i-1')).toBe('initial');
    await removing;
    await until('it is healthy again', () => node.view.health('i-1') === 'healthy');
    expect(node.view.inFlight('i-1')).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 120));
    answer(ok('spared'));
    await client.sees('the answer', (text) => text.endsWith('spared'));
    // The connection of before the drain is not pooled: the next request comes on a new one.
    const before = backend.connections;
    client.send(GET);
    await until('the next request is at the backend', () => answers.length === 2);
    expect(backend.connections).toBe(before + 1);
    node.view.add({ instanceId: 'i-1', host: '127.0.0.1', port: await refusedPort() });
    expect(node.view.health('i-1')).toBe('healthy');
  });

  test('a second removal without draining ends the first one', async () => {
    const { node, client } = await heldRequest();
    const first = node.view.remove('i-1', DRAIN);
    await node.view.remove('i-1', { enabled: false, timeoutMs: 0 });
    await first;
    await client.sees('a 504', (text) => text === CLB_504);
  });

  test('an unhealthy backend keeps the request under way and gets no other', async () => {
    let sick = false;
    const answers: (() => void)[] = [];
    const backend = await startBackend((socket, soFar) => {
      if (soFar.startsWith('GET /deep')) socket.end(`HTTP/1.1 ${sick ? 500 : 200} X\r\nContent-Length: 0\r\n\r\n`);
      else answers.push(() => socket.write(ok('kept')));
    });
    const health = {
      kind: 'http' as const,
      path: '/deep',
      intervalMs: 20,
      timeoutMs: 15,
      unhealthyThreshold: 2,
      healthyThreshold: 2,
      initialChecks: 1,
    };
    const node = await startNode({ health });
    await node.addHealthy('i-1', backend.port);
    const client = openClient(node.view.port);
    client.send(GET);
    await until('the request is at the backend', () => answers.length === 1);
    sick = true;
    await until('it is unhealthy', () => node.view.health('i-1') === 'unhealthy');
    const other = openClient(node.view.port);
    other.send(GET);
    await other.sees('a 503', (text) => text === CLB_503);
    answers[0]!();
    await client.sees('the answer', (text) => text.endsWith('kept'));
    sick = false;
    await until('it is healthy', () => node.view.health('i-1') === 'healthy');
    expect(node.changes.slice(0, 3)).toEqual([
      ['i-1', 'healthy'],
      ['i-1', 'unhealthy'],
      ['i-1', 'healthy'],
    ]);
  });
});
