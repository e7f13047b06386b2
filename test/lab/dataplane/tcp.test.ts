import { afterEach, describe, expect, test } from 'vitest';
import {
  closeAll,
  ok,
  openClient,
  refusedPort,
  type ScriptedBackend,
  startBackend,
  startNode,
  TCP_CHECK,
  until,
} from './support.js';

afterEach(closeAll);

/** Says its name at once and echoes what it gets; ends when the other side ends. */
function echo(name: string): Promise<ScriptedBackend> {
  return startBackend((socket, _soFar, chunk) => void socket.write(`${name}:${chunk.toString('latin1')}`, 'latin1'));
}

const SCRIPT = 'GET /hc-is-not-asked-for';
const tcp = { listener: 'tcp', health: TCP_CHECK } as const;
const nlb = { ...tcp, flavour: 'nlb' } as const;

async function pinned(port: number, text: string) {
  const client = openClient(port);
  client.send(text);
  await client.sees('an echo', (seen) => seen.includes(text));
  return client;
}

describe('a TCP listener', () => {
  test('passes bytes as they are, both ways, and takes turns', async () => {
    const [a, b] = [await echo('a'), await echo('b')];
    const node = await startNode(tcp);
    await node.addHealthy('i-a', a.port);
    await node.addHealthy('i-b', b.port);
    const answers = new Set<string>();
    for (let i = 0; i < 4; i++) {
      const client = await pinned(node.view.port, `\x00\xff not HTTP ${i}\n`);
      answers.add(client.text().slice(0, 1));
      client.send('more');
      await client.sees('the same target', (text) => text.endsWith(`${text.slice(0, 1)}:more`));
    }
    expect(answers).toEqual(new Set(['a', 'b']));
    expect(node.view.inFlight('i-a')).toBe(2);
    expect(node.view.inFlight('i-b')).toBe(2);
  });

  test('passes a half-close on, and the answer that comes after it', async () => {
    const backend = await startBackend((socket) => void socket.once('end', () => socket.end('after the end')), 0, true);
    const node = await startNode(tcp);
    await node.addHealthy('i-1', backend.port);
    const client = openClient(node.view.port);
    client.socket.end(SCRIPT.slice(4));
    expect(await client.ended()).toBe('after the end');
    await until('the flow is over', () => node.view.inFlight('i-1') === 0);
    expect(client.errorCode).toBeNull();
  });

  test('a reset of one side resets the other', async () => {
    const backend = await startBackend((socket) => void socket.resetAndDestroy());
    const node = await startNode(tcp);
    await node.addHealthy('i-1', backend.port);
    const client = openClient(node.view.port);
    client.send('x');
    await until('the client is reset', () => client.errorCode === 'ECONNRESET');
    const quiet = await startBackend(() => undefined);
    const other = await startNode(tcp);
    await other.addHealthy('i-1', quiet.port);
    const leaving = openClient(other.view.port);
    leaving.send('x');
    await until('it is there', () => quiet.received[0] === 'x');
    leaving.socket.resetAndDestroy();
    await until('the target is left', () => quiet.sockets.size === 0 && other.view.inFlight('i-1') === 0);
  });

  test('holds a client back that sends more than its target reads, and loses nothing', async () => {
    const size = 8 * 1024 * 1024;
    let got = 0;
    const backend = await startBackend((socket, _soFar, chunk) => {
      got += chunk.length;
      socket.pause();
      setTimeout(() => socket.resume(), 1);
    });
    const node = await startNode(tcp);
    await node.addHealthy('i-1', backend.port);
    const client = openClient(node.view.port);
    client.send(Buffer.alloc(size, 7));
    await until('some of it is there', () => got > 0);
    client.socket.end();
    await until('all of it is there', () => got === size);
  });

  test('a Classic one tries another target when one refuses, then closes; with none it closes', async () => {
    const [a, b] = [await echo('a'), await echo('b')];
    const node = await startNode(tcp);
    const none = openClient(node.view.port);
    expect(await none.ended()).toBe('');
    await node.addHealthy('i-a', a.port);
    await node.addHealthy('i-b', b.port);
    await a.close();
    for (let i = 0; i < 3; i++) expect((await pinned(node.view.port, 'hi')).text()).toBe('b:hi');
    await b.close();
    expect(await openClient(node.view.port).ended()).toBe('');
  });

  test('closes flows in which nothing moves, and the surge queue holds and spills connections', async () => {
    const backend = await echo('a');
    const idle = await startNode({ ...tcp, idleTimeoutMs: 100 });
    await idle.addHealthy('i-1', backend.port);
    expect(await openClient(idle.view.port).ended()).toBe('');
    const node = await startNode({ ...tcp, surgeQueue: 1, backendMaxConns: 1 });
    await node.addHealthy('i-1', backend.port);
    const first = await pinned(node.view.port, 'one');
    const second = openClient(node.view.port);
    second.send('two');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await openClient(node.view.port).ended()).toBe('');
    first.socket.end();
    await second.sees('its turn', (text) => text === 'a:two');
  });

  test('cuts flows at the end of draining, with a close or by the knob with a reset', async () => {
    for (const rstAtDrainEnd of [false, true]) {
      const backend = await echo('a');
      const node = await startNode({ ...tcp, faults: { rstAtDrainEnd } });
      await node.addHealthy('i-1', backend.port);
      const client = await pinned(node.view.port, 'hi');
      await node.view.remove('i-1', { enabled: true, timeoutMs: 50 });
      await client.ended();
      await until('it is told', () => client.closed && (client.errorCode === 'ECONNRESET') === rstAtDrainEnd);
    }
  });
});

describe('a Network Load Balancer', () => {
  test('leaves the flows of a draining target alone for as long as the target does', async () => {
    const [a, b] = [await echo('a'), await echo('b')];
    const node = await startNode(nlb);
    await node.addHealthy('i-a', a.port);
    const client = await pinned(node.view.port, 'one');
    await node.addHealthy('i-b', b.port);
    await node.view.remove('i-a', { enabled: true, timeoutMs: 50 });
    client.send('two');
    await client.sees('the old target', (text) => text.endsWith('a:two'));
    expect((await pinned(node.view.port, 'new')).text()).toBe('b:new');
    await a.close();
    await client.ended();
  });

  test('cuts them by reset with connection termination', async () => {
    const a = await echo('a');
    const node = await startNode({ ...nlb, connectionTermination: true });
    await node.addHealthy('i-a', a.port);
    const client = await pinned(node.view.port, 'one');
    await node.view.remove('i-a', { enabled: true, timeoutMs: 50 });
    await until('the client is reset', () => client.errorCode === 'ECONNRESET');
  });

  test('resets the flows of a target that becomes unhealthy', async () => {
    const held: (() => void)[] = [];
    const backend = await startBackend((socket) => void held.push(() => socket.write(ok())));
    const node = await startNode({
      ...nlb,
      health: { ...TCP_CHECK, kind: 'http', path: '/hc', intervalMs: 30, timeoutMs: 20, unhealthyThreshold: 1 },
      faults: { healthFlap: true },
    });
    await node.addHealthy('i-1', backend.port);
    const client = openClient(node.view.port);
    client.send('x');
    await until('the client is reset', () => client.errorCode === 'ECONNRESET');
    expect(node.changes.slice(0, 2)).toEqual([
      ['i-1', 'healthy'],
      ['i-1', 'unhealthy'],
    ]);
  });

  test('spreads by the client port, fails open, and resets when nobody is registered', async () => {
    const [a, b] = [await echo('a'), await echo('b')];
    const node = await startNode(nlb);
    const none = openClient(node.view.port);
    await until('the client is reset', () => none.errorCode === 'ECONNRESET');
    await node.addHealthy('i-a', a.port);
    await node.addHealthy('i-b', b.port);
    const answers = new Set<string>();
    for (let i = 0; i < 40 && answers.size < 2; i++) {
      answers.add((await pinned(node.view.port, 'x')).text());
    }
    expect(answers.size).toBe(2);
    const sick = await startNode({ ...nlb, health: { ...TCP_CHECK, kind: 'http', path: '/sick', timeoutMs: 50 } });
    sick.view.add({ instanceId: 'i-a', host: '127.0.0.1', port: a.port });
    expect((await pinned(sick.view.port, 'open')).text()).toContain('open');
    const refused = await startNode(nlb);
    refused.view.add({ instanceId: 'i-a', host: '127.0.0.1', port: await refusedPort() });
    const client = openClient(refused.view.port);
    await until('the client is reset', () => client.errorCode === 'ECONNRESET');
  });
});
