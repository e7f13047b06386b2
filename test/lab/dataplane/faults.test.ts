import { afterEach, expect, test } from 'vitest';
import { nodeTraits } from '../../../src/lab/node-traits.js';
import { labSettings } from '../../../src/lab/presets.js';
import { answering, closeAll, GET, ok, openClient, startBackend, startNode, until } from './support.js';

afterEach(closeAll);

/** A node whose only backend holds its requests, one of them under way. */
async function held(options: Parameters<typeof startNode>[0]) {
  const answers: (() => void)[] = [];
  const backend = await startBackend((socket) => void answers.push(() => socket.write(ok())));
  const node = await startNode(options);
  await node.addHealthy('i-1', backend.port);
  const client = openClient(node.view.port);
  client.send(GET);
  await until('the request is there', () => answers.length === 1);
  return { backend, node, client, answer: () => answers[0]!() };
}

test('drainNeverEnds: nothing is cut, and the target is never let go of until it is added again', async () => {
  const { node, client, answer, backend } = await held({ faults: { drainNeverEnds: true } });
  let removed = false;
  const removing = node.view.remove('i-1', { enabled: true, timeoutMs: 30 }).then(() => {
    removed = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 80));
  expect(client.text()).toBe('');
  answer();
  await client.sees('its answer', (text) => text.endsWith('ok\n'));
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(removed).toBe(false);
  node.view.add({ instanceId: 'i-1', host: '127.0.0.1', port: backend.port });
  await removing;
  await until('it is healthy again', () => node.view.health('i-1') === 'healthy');
});

test('drainNeverEnds does not touch a balancer without draining', async () => {
  const { node, client } = await held({ faults: { drainNeverEnds: true } });
  await node.view.remove('i-1', { enabled: false, timeoutMs: 300_000 });
  await client.sees('a 504', (text) => text.includes(' 504 '));
});

test('rstAtDrainEnd: a request in flight at the end is reset, not answered', async () => {
  const { node, client } = await held({ faults: { rstAtDrainEnd: true } });
  await node.view.remove('i-1', { enabled: true, timeoutMs: 30 });
  await until('the client is reset', () => client.errorCode === 'ECONNRESET');
  expect(client.text()).toBe('');
});

test('healthFlap: in service, out of service, in service again, whatever the target says', async () => {
  const backend = await startBackend(answering(ok()));
  const node = await startNode({
    faults: { healthFlap: true },
    health: {
      kind: 'tcp',
      path: '/',
      intervalMs: 20,
      timeoutMs: 20,
      unhealthyThreshold: 2,
      healthyThreshold: 2,
      initialChecks: 1,
    },
  });
  node.view.add({ instanceId: 'i-1', host: '127.0.0.1', port: backend.port });
  await until('it has flapped', () => node.changes.length === 3);
  expect(node.changes.map(([, state]) => state)).toEqual(['healthy', 'unhealthy', 'healthy']);
  await new Promise((resolve) => setTimeout(resolve, 150));
  expect(node.changes).toHaveLength(3);
});

/** A node with one answered request, and so one idle connection to its backend. */
async function idling(faults: NonNullable<Parameters<typeof startNode>[0]>['faults']) {
  const backend = await startBackend(answering(ok()));
  const node = await startNode({ ...(faults === undefined ? {} : { faults }) });
  await node.addHealthy('i-1', backend.port);
  const client = openClient(node.view.port);
  client.send(GET);
  await client.sees('an answer', (text) => text.endsWith('ok\n'));
  const [socket] = backend.sockets;
  return { backend, node, client, socket: socket! };
}

test('closeNoticeMs: a request sent on a connection its target has just closed is a 504; later it takes a new one', async () => {
  const { client, socket, backend } = await idling({ closeNoticeMs: 150 });
  socket.end();
  await until('the target has closed it', () => !backend.sockets.has(socket));
  client.send(GET);
  await client.sees('a 504', (text) => text.includes(' 504 '));
  client.send(GET);
  await client.sees('another answer', (text) => text.split('ok\n').length === 3);
  expect(backend.received).toHaveLength(2);
});

test('without closeNoticeMs a connection its target closed is not used again', async () => {
  const { client, socket, backend } = await idling({});
  socket.end();
  await until('the target has closed it', () => !backend.sockets.has(socket));
  await new Promise((resolve) => setTimeout(resolve, 20));
  client.send(GET);
  await client.sees('another answer', (text) => text.split('ok\n').length === 3);
  expect(client.text()).not.toContain(' 504 ');
});

test('drainKeepsIdle: idle connections outlive the detach, and are never used again', async () => {
  for (const keeps of [true, false]) {
    const { node, client, backend, socket } = await idling({ drainKeepsIdle: keeps });
    await node.view.remove('i-1', { enabled: true, timeoutMs: 1_000 });
    if (!keeps) await until('it is closed', () => backend.sockets.size === 0);
    else {
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(backend.sockets.has(socket)).toBe(true);
      await node.addHealthy('i-1', backend.port);
      client.send(GET);
      await client.sees('another answer', (text) => text.split('ok\n').length === 3);
      expect(backend.received).toHaveLength(2);
    }
  }
});

test('leavesMs: new connections are refused, those there go on', async () => {
  const { node, client } = await idling({ leavesMs: 80 });
  const refused = async (): Promise<boolean> => {
    const late = openClient(node.view.port);
    await until('it is in or out', () => late.errorCode !== null || !late.socket.connecting);
    return late.errorCode === 'ECONNREFUSED';
  };
  while (!(await refused())) await new Promise((resolve) => setTimeout(resolve, 20));
  client.send(GET);
  await client.sees('another answer', (text) => text.split('ok\n').length === 3);
});

test('an ALB takes turns although one target has more outstanding; a Classic ELB spares it', async () => {
  for (const [flavour, expected] of [
    ['alb', [3, 3]],
    ['clb', [1, 5]],
  ] as const) {
    const counts = [0, 0];
    const slow = await startBackend(() => void counts[0]!++);
    const fast = await startBackend((socket) => {
      counts[1]!++;
      socket.write(ok());
    });
    const node = await startNode({ flavour });
    await node.addHealthy('i-slow', slow.port);
    await node.addHealthy('i-fast', fast.port);
    for (let i = 0; i < 6; i++) {
      const seen = counts[0]! + counts[1]!;
      const client = openClient(node.view.port);
      client.send(GET);
      await until('it is at a target', () => counts[0]! + counts[1]! > seen);
      if (client.text() === '') await new Promise((resolve) => setTimeout(resolve, 10));
    }
    // The first goes to either; from then on a Classic ELB spares the one that holds a request.
    const [held, answered] = counts as [number, number];
    if (flavour === 'alb') expect([held, answered]).toEqual(expected);
    else expect(held).toBeLessThanOrEqual(1);
    expect(held + answered).toBe(6);
  }
});

test('the knobs reach the nodes', () => {
  const outside = { region: 'eu-west-1', accessLogDir: '/var/log', now: new Date(), onFault: () => undefined };
  const faults = {
    drainNeverEnds: true,
    rstAtDrainEnd: true,
    healthFlap: true,
    closeNoticeMs: 3,
    drainKeepsIdle: true,
  };
  const { knobs, ...rest } = labSettings('lab-fast', {
    ...faults,
    listener: 'https',
    backendMaxConns: 7,
    surgeQueue: 5,
    connectRetries: 3,
    preopen: 4,
    connectionTermination: true,
  });
  const traits = nodeTraits({ knobs, ...rest }, outside);
  expect(traits).toMatchObject({
    faults,
    backendMaxConns: 7,
    surgeQueue: 5,
    connectRetries: 3,
    preopen: 4,
    connectionTermination: true,
    accessLogDir: '/var/log',
  });
  expect(traits.certificate?.certPem).toContain('BEGIN CERTIFICATE');
});
