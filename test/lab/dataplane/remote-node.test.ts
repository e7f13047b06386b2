import { afterEach, expect, test } from 'vitest';
import type { NodeViewOptions } from '../../../src/lab/dataplane/node-view.js';
import { RemoteDataPlane } from '../../../src/lab/dataplane/remote-node.js';
import type { FromDataPlane, ToDataPlane } from '../../../src/lab/dataplane/thread-protocol.js';
import { closeAll, TCP_CHECK } from './support.js';

afterEach(closeAll);

/** A thread that answers when the test says so. */
function scripted() {
  const sent: ToDataPlane[] = [];
  const faults: string[] = [];
  let hear: (message: FromDataPlane) => void = () => undefined;
  const plane = new RemoteDataPlane(
    {
      post: (message) => sent.push(message),
      onMessage: (to) => {
        hear = to;
      },
    },
    (cause) => faults.push(cause.message),
  );
  const call = () => (sent.at(-1) as Extract<ToDataPlane, { call: number }>).call;
  return { plane, sent, faults, call, tell: (message: FromDataPlane) => hear(message) };
}

const changes: string[] = [];
const OPTIONS: NodeViewOptions = {
  name: 'node-1',
  host: '127.0.0.2',
  port: 0,
  flavour: 'clb',
  connectRetries: 0,
  preopen: 0,
  idleTimeoutMs: 1_000,
  surgeQueue: 0,
  health: TCP_CHECK,
  onHealthChange: (id, state) => changes.push(`${id} ${state}`),
};
const BACKEND = { instanceId: 'i-1', host: '127.0.0.1', port: 9 };

async function started() {
  const thread = scripted();
  const starting = thread.plane.start(OPTIONS);
  thread.tell({ kind: 'started', call: thread.call(), host: '127.0.0.2', port: 4711 });
  const view = await starting;
  const node = (thread.sent[0] as Extract<ToDataPlane, { kind: 'start' }>).node;
  return { ...thread, view, node };
}

test('starts with options that can travel, and tells why it cannot listen', async () => {
  const { view, sent } = await started();
  expect([view.host, view.port]).toEqual(['127.0.0.2', 4711]);
  expect(() => structuredClone(sent[0])).not.toThrow();
  const thread = scripted();
  const starting = thread.plane.start(OPTIONS);
  thread.tell({ kind: 'refused', call: thread.call(), message: 'listen EADDRINUSE', code: 'EADDRINUSE' });
  await expect(starting).rejects.toMatchObject({ code: 'EADDRINUSE', message: 'listen EADDRINUSE' });
});

test('health is that of the stay under way: news of an earlier one is not believed', async () => {
  const { view, tell, node, sent, call } = await started();
  changes.length = 0;
  expect(view.health('i-1')).toBe('absent');
  view.add(BACKEND);
  view.add(BACKEND);
  expect(sent.filter(({ kind }) => kind === 'add')).toHaveLength(1);
  expect(view.health('i-1')).toBe('initial');
  tell({ kind: 'health', node, instanceId: 'i-1', stay: 1, state: 'healthy', failure: null });
  expect(view.health('i-1')).toBe('healthy');
  const removing = view.remove('i-1', { enabled: true, timeoutMs: 5 });
  const removal = call();
  expect(view.health('i-1')).toBe('absent');
  view.add(BACKEND);
  tell({ kind: 'health', node, instanceId: 'i-1', stay: 1, state: 'unhealthy', failure: { kind: 'timeout' } });
  expect(view.health('i-1')).toBe('initial');
  tell({ kind: 'done', call: removal });
  await removing;
  tell({ kind: 'health', node, instanceId: 'i-1', stay: 2, state: 'healthy', failure: null });
  expect(view.health('i-1')).toBe('healthy');
  expect(changes).toEqual(['i-1 healthy', 'i-1 healthy']);
});

test('requests in flight are read from shared memory; faults are passed on; after close nothing is sent', async () => {
  const { view, tell, node, sent, faults, call } = await started();
  expect(view.inFlight('i-1')).toBe(0);
  const cell = new Int32Array(new SharedArrayBuffer(4));
  tell({ kind: 'in-flight', node, instanceId: 'i-1', cell });
  Atomics.store(cell, 0, 3);
  expect(view.inFlight('i-1')).toBe(3);
  tell({ kind: 'fault', message: 'disk full' });
  expect(faults).toEqual(['disk full']);
  const closing = view.close();
  tell({ kind: 'done', call: call() });
  await closing;
  const before = sent.length;
  view.add(BACKEND);
  view.configureHealth(TCP_CHECK);
  await view.remove('i-1', { enabled: false, timeoutMs: 0 });
  await view.close();
  expect(sent).toHaveLength(before);
});
