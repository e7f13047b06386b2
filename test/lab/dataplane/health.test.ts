import { afterEach, describe, expect, test } from 'vitest';
import type { BackendHealth } from '../../../src/lab/dataplane/backend.js';
import { checkPhase, HealthLoop, healthAfter } from '../../../src/lab/dataplane/health-loop.js';
import { ManualClock } from './manual-clock.js';
import { closeAll, HTTP_CHECK, refusedPort, startBackend, startNode, TCP_CHECK, until } from './support.js';

afterEach(closeAll);

const THRESHOLDS = { intervalMs: 30_000, unhealthyThreshold: 2, healthyThreshold: 3, initialChecks: 1 };

describe('healthAfter', () => {
  test.each<[BackendHealth, boolean, number, BackendHealth]>([
    ['initial', true, 1, 'healthy'],
    ['initial', false, 1, 'initial'],
    ['initial', false, 2, 'unhealthy'],
    ['healthy', false, 1, 'healthy'],
    ['healthy', false, 2, 'unhealthy'],
    ['healthy', true, 9, 'healthy'],
    ['unhealthy', true, 2, 'unhealthy'],
    ['unhealthy', true, 3, 'healthy'],
    ['unhealthy', false, 9, 'unhealthy'],
  ])('%s, passed %s, %i in a row: %s', (state, passed, streak, after) => {
    expect(healthAfter(state, passed, streak, THRESHOLDS)).toBe(after);
  });
});

/** A loop on a manual clock whose checks take `results` in turn (true when used up). */
function startLoop(results: boolean[], phase: number, takesMs = 0, flap = false) {
  const clock = new ManualClock();
  const startedAtMs: number[] = [];
  const states: [number, BackendHealth][] = [];
  const loop = new HealthLoop({
    clock,
    thresholds: THRESHOLDS,
    state: 'initial',
    phase,
    flap,
    startCheck() {
      startedAtMs.push(clock.now() - 1_000);
      const passed = results.shift() ?? true;
      const done = new Promise<boolean>((resolve) => {
        if (takesMs === 0) resolve(passed);
        else clock.after(takesMs, () => resolve(passed));
      });
      return { passed: done, failure: () => null, stop: () => undefined };
    },
    onState: (state) => states.push([clock.now() - 1_000, state]),
  });
  return { clock, startedAtMs, states, loop };
}

describe('HealthLoop', () => {
  test('checks at once, then at its phase and every interval; states follow the thresholds', async () => {
    const { clock, startedAtMs, states } = startLoop([true, false, false, true, true, true], 0.25);
    await clock.advance(0);
    await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(140_000);
    expect(startedAtMs).toEqual([0, 7_500, 37_500, 67_500, 97_500, 127_500]);
    expect(states).toEqual([
      [0, 'healthy'],
      [37_500, 'unhealthy'],
      [127_500, 'healthy'],
    ]);
  });

  test('lets a check fall out that is due while one is running, and stops for good', async () => {
    const { clock, startedAtMs, loop } = startLoop([], 0.25, 8_000);
    await clock.advance(100_000);
    expect(startedAtMs).toEqual([0, 37_500, 67_500, 97_500]);
    loop.stop();
    await clock.advance(100_000);
    expect(startedAtMs).toHaveLength(4);
  });

  test('phases are fixed by the names, in (0, 1], and differ between nodes', () => {
    const phases = ['node-1 i-1', 'node-2 i-1', 'node-3 i-1', 'node-1 i-2'].map(checkPhase);
    expect(new Set(phases).size).toBe(4);
    for (const phase of phases) {
      expect(phase).toBeGreaterThan(0);
      expect(phase).toBeLessThanOrEqual(1);
    }
    expect(checkPhase('node-1 i-1')).toBe(phases[0]);
    const many = Array.from({ length: 1_000 }, (_, i) => checkPhase(`node-${i} i-0abc`));
    const mean = many.reduce((sum, phase) => sum + phase, 0) / many.length;
    expect(mean).toBeGreaterThan(0.45);
    expect(mean).toBeLessThan(0.55);
  });
});

const QUICK = { ...HTTP_CHECK, path: '/deep', intervalMs: 25, timeoutMs: 20, initialChecks: 2 };

describe('checks of a node', () => {
  test('are GETs on connections of their own, by name; initialChecks passes are asked for', async () => {
    const backend = await startBackend((socket) => void socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'));
    const node = await startNode({ health: QUICK });
    await node.addHealthy('i-1', backend.port);
    expect(backend.connections).toBeGreaterThanOrEqual(2);
    expect(backend.received[0]).toBe(
      `GET /deep HTTP/1.1\r\nHost: 127.0.0.1:${backend.port}\r\nUser-Agent: ELB-HealthChecker/1.0\r\nAccept: */*\r\nConnection: close\r\n\r\n`,
    );
    expect(node.changes).toEqual([['i-1', 'healthy']]);
    const alb = await startNode({ health: QUICK, flavour: 'alb' });
    await alb.addHealthy('i-1', backend.port);
    expect(backend.received.some((text) => text.includes('User-Agent: ELB-HealthChecker/2.0\r\n'))).toBe(true);
  });

  test.each<[string, string]>([
    ['a 204', 'HTTP/1.1 204 No Content\r\n\r\n'],
    ['a 302', 'HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n'],
    ['a 503', 'HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n'],
    ['nonsense', 'hello\r\n\r\n'],
    ['silence', ''],
    ['half a head', 'HTTP/1.1 200 OK\r\nContent-'],
  ])('fail on %s', async (_what, answer) => {
    const backend = await startBackend((socket) => void (answer !== '' && socket.write(answer)));
    const node = await startNode({ health: QUICK });
    node.view.add({ instanceId: 'i-1', host: '127.0.0.1', port: backend.port });
    expect(node.view.health('i-1')).toBe('initial');
    await until('it is unhealthy', () => node.view.health('i-1') === 'unhealthy');
  });

  test('fail on a refused connection, and TCP checks pass on an open one', async () => {
    const node = await startNode({ health: { ...TCP_CHECK, intervalMs: 20, timeoutMs: 15 } });
    node.view.add({ instanceId: 'i-1', host: '127.0.0.1', port: await refusedPort() });
    await until('it is unhealthy', () => node.view.health('i-1') === 'unhealthy');
    const silent = await startBackend(() => undefined);
    await node.addHealthy('i-2', silent.port);
    expect(node.view.health('unknown')).toBe('absent');
  });

  test('stop with removal, and follow a new configuration', async () => {
    const backend = await startBackend((socket, soFar) => {
      const status = soFar.startsWith('GET /good') ? 200 : 500;
      socket.end(`HTTP/1.1 ${status} X\r\nContent-Length: 0\r\n\r\n`);
    });
    const node = await startNode({ health: { ...QUICK, path: '/bad' } });
    node.view.add({ instanceId: 'i-1', host: '127.0.0.1', port: backend.port });
    await until('it is unhealthy', () => node.view.health('i-1') === 'unhealthy');
    node.view.configureHealth({ ...QUICK, path: '/good' });
    await until('it is healthy', () => node.view.health('i-1') === 'healthy');
    await node.view.remove('i-1', { enabled: true, timeoutMs: 1_000 });
    const seen = backend.connections;
    await new Promise((resolve) => setTimeout(resolve, 80));
    expect(backend.connections).toBe(seen);
  });
});

test('idle timeouts and pools go by the injected clock', async () => {
  const clock = new ManualClock();
  const backend = await startBackend((socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'));
  const node = await startNode({ idleTimeoutMs: 60_000, preopen: 1, health: TCP_CHECK }, { clock });
  await node.addHealthy('i-1', backend.port);
  await until('one is open in advance', () => backend.sockets.size >= 1);
  await clock.advance(59_000);
  const pooled = backend.sockets.size;
  expect(pooled).toBeGreaterThanOrEqual(1);
  await clock.advance(1_500);
  await until('the idle one is closed', () => backend.sockets.size < pooled || backend.connections > 2);
});
