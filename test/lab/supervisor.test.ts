import { describe, expect, it } from 'vitest';
import type { AppConfig } from '../../src/lab/app/app-config.js';
import { type AppHandlers, appMessageOf } from '../../src/lab/application.js';
import { labSettings } from '../../src/lab/presets.js';
import { seededRandom } from '../../src/lab/random.js';
import { type DeployProgress, Supervisor } from '../../src/lab/supervisor.js';
import { FakeTimers } from './fakes.js';

interface FakeProcess {
  readonly config: AppConfig;
  readonly handlers: AppHandlers;
  readonly signals: string[];
}

const SERVERS = [
  { target: 's-1', instance: 'i-1' },
  { target: 's-2', instance: 'i-2' },
];

function setUp(knobs: Record<string, unknown> = {}, onSignal = endAtOnce) {
  const timers = new FakeTimers();
  const processes: FakeProcess[] = [];
  const supervisor = new Supervisor({
    servers: SERVERS,
    knobs: labSettings('lab-fast', knobs).knobs,
    start: (config, handlers) => {
      const child: FakeProcess = { config, handlers, signals: [] };
      processes.push(child);
      return {
        pid: 100 + processes.length,
        kill: (signal) => {
          child.signals.push(signal);
          onSignal(child, signal, timers);
        },
      };
    },
    timers,
    monotonicNs: () => BigInt(Math.round(timers.now() * 1e6)),
    random: seededRandom(1),
  });
  return { timers, processes, supervisor };
}

/** Closes its listener 1 ms after SIGTERM, ends 2 ms after either signal. */
function endAtOnce(child: FakeProcess, signal: string, timers: FakeTimers): void {
  const ns = (ms: number): bigint => BigInt(Math.round((timers.now() + ms) * 1e6));
  const closedNs = String(ns(1));
  const exitedNs = ns(2);
  if (signal === 'SIGTERM') timers.after(1, () => child.handlers.onMessage({ kind: 'closed', monotonicNs: closedNs }));
  timers.after(2, () => child.handlers.onExit(`ended by ${signal}`, exitedNs));
}

async function started(set: ReturnType<typeof setUp>): Promise<void> {
  const starting = set.supervisor.startAll('v1');
  set.processes.forEach(({ handlers }, index) => {
    handlers.onMessage({ kind: 'listening', port: 9001 + index, monotonicNs: '1' });
    handlers.onMessage({ kind: 'ready', monotonicNs: '2' });
  });
  await starting;
}

function deploy(set: ReturnType<typeof setUp>, name: string, version: string) {
  const told: DeployProgress[] = [];
  const end = set.supervisor
    .deploy(name, version, (progress) => told.push(progress))
    .then(
      () => 'done',
      (cause: Error) => cause.message,
    );
  return { told, end };
}

const short = (told: readonly DeployProgress[]): string[] =>
  told.map((each) =>
    each.kind === 'mark' ? `${each.mark.what}@${each.mark.monotonicNs}` : `${each.kind} ${each.version}`,
  );

describe('deploy', () => {
  it('stops, starts on the same port, and tells each change with its own time', async () => {
    const set = setUp();
    await started(set);
    await set.timers.advance(1_000);
    const { told, end } = deploy(set, 'i-1', 'v2');
    await set.timers.advance(2);
    expect(set.processes[0]!.signals).toEqual(['SIGTERM']);
    const next = set.processes[2]!;
    expect(next.config).toMatchObject({ target: 's-1', version: 'v2', port: 9001, startupDelayMs: 150, broken: false });
    expect(next.config.bootId).not.toBe(set.processes[0]!.config.bootId);
    next.handlers.onMessage({ kind: 'listening', port: 9001, monotonicNs: '1200000000' });
    next.handlers.onMessage({ kind: 'ready', monotonicNs: '1200500000' });
    expect(await end).toBe('done');
    expect(short(told)).toEqual([
      'stopping@1000000000',
      'down@1001000000',
      'stopped v1',
      'up@1200000000',
      'started v2',
      'ready@1200500000',
    ]);
    expect(set.supervisor.states()[0]).toMatchObject({ version: 'v2', port: 9001, running: true, deploying: false });
    expect(set.supervisor.address('i-1')).toEqual({ instanceId: 'i-1', host: '127.0.0.1', port: 9001 });
  });

  it('does not wait for a version that is not ready', async () => {
    const set = setUp({ brokenVersion: 'v2', readyLagMs: 60_000, healthLies: true, errorRate: 0.5 });
    await started(set);
    expect(set.processes[0]!.config).toMatchObject({ broken: false, readyLagMs: 0, healthLies: false, errorRate: 0 });
    const { told, end } = deploy(set, 's-1', 'v2');
    await set.timers.advance(2);
    expect(set.processes[2]!.config).toMatchObject({
      broken: true,
      readyLagMs: 60_000,
      healthLies: true,
      errorRate: 0.5,
    });
    set.processes[2]!.handlers.onMessage({ kind: 'listening', port: 9001, monotonicNs: '5' });
    await set.timers.advance(100);
    expect(await end).toBe('done');
    expect(short(told).at(-1)).toBe('started v2');
  });

  it('kills one that does not stop, after its grace', async () => {
    const deaf = (child: FakeProcess, signal: string, timers: FakeTimers): void => {
      if (signal === 'SIGKILL') endAtOnce(child, signal, timers);
    };
    const set = setUp({ graceMs: 500, ignoreSigterm: true }, deaf);
    await started(set);
    const { told } = deploy(set, 's-1', 'v2');
    await set.timers.advance(1_499);
    expect(set.processes[0]!.signals).toEqual(['SIGTERM']);
    await set.timers.advance(3);
    expect(set.processes[0]!.signals).toEqual(['SIGTERM', 'SIGKILL']);
    expect(short(told)).toEqual(['stopping@0', 'down@1502000000', 'stopped v1']);
    expect(set.processes).toHaveLength(3);
  });

  it('says when the new version ends before it listens, or never listens', async () => {
    const set = setUp();
    await started(set);
    const first = deploy(set, 's-1', 'v2');
    await set.timers.advance(2);
    set.processes[2]!.handlers.onExit('it exited with code 1: boom', 9n);
    expect(await first.end).toBe("server 's-1': the application ended before it listened: it exited with code 1: boom");
    expect(set.supervisor.states()[0]).toMatchObject({ running: false, deploying: false, port: 9001 });
    const second = deploy(set, 's-1', 'v3');
    await set.timers.advance(20_000);
    expect(await second.end).toBe("server 's-1': the application did not listen within 10150 ms");
    expect(set.processes[3]!.signals).toEqual(['SIGKILL']);
    // It had crashed by itself: it was down since then, and nobody stopped it.
    expect(short(second.told)).toEqual(['down@9', 'stopped v2']);
  });

  it('restarts the old version where deploys are stale', async () => {
    const set = setUp({ staleVersion: true });
    await started(set);
    deploy(set, 's-1', 'v2');
    await set.timers.advance(2);
    expect(set.processes[2]!.config.version).toBe('v1');
  });

  it('refuses unknown servers and a second deploy to one that is busy', async () => {
    const set = setUp();
    await started(set);
    expect(await deploy(set, 's-9', 'v2').end).toBe("the lab has no server 's-9'; it has s-1, s-2");
    deploy(set, 's-1', 'v2');
    expect(await deploy(set, 'i-1', 'v3').end).toBe("a deploy to 's-1' is already under way");
    expect(set.processes[0]!.signals).toEqual(['SIGTERM']);
  });

  it('ends everything when closed, and starts nothing any more', async () => {
    const set = setUp();
    await started(set);
    const { end } = deploy(set, 's-1', 'v2');
    const closing = set.supervisor.close();
    await set.timers.advance(10);
    await closing;
    expect(set.processes.map(({ signals }) => signals.at(-1))).toEqual(['SIGKILL', 'SIGKILL']);
    expect(await end).toBe('the lab is stopping');
    expect(set.processes).toHaveLength(2);
  });
});

it('takes no message that is not one', () => {
  for (const value of [
    null,
    'listening',
    { kind: 'ready' },
    { kind: 'ready', monotonicNs: '-1' },
    { kind: 'listening', monotonicNs: '1' },
    { kind: 'x', monotonicNs: '1' },
  ]) {
    expect(appMessageOf(value)).toBeNull();
  }
  expect(appMessageOf({ kind: 'closed', monotonicNs: '12' })).toEqual({ kind: 'closed', monotonicNs: '12' });
});
