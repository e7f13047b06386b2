import { describe, expect, it } from 'vitest';
import { RollproofError } from '../../src/domain/errors.js';
import type { RunEvent } from '../../src/domain/event.js';
import { type ExternalPlan, runExternalDeploy } from '../../src/run/external-deploy.js';
import { membershipOf } from '../../src/run/membership.js';
import type { RunDeps } from '../../src/run/run-scenario.js';
import { fakeBalancer, health } from '../support/fake-balancer.js';
import { fakeClock } from '../support/fake-clock.js';
import { testScenario } from '../support/scenario.js';

const scenario = testScenario();
const [one, two] = scenario.targets as unknown as [(typeof scenario.targets)[0], (typeof scenario.targets)[0]];
const EVERY_MS = 1_000;
type State = Parameters<typeof health>[1];

/** A deploy somebody else does: what each target is from which second on. */
async function watched(changes: readonly (readonly [second: number, target: typeof one, state: State])[], more = {}) {
  const fake = fakeBalancer(scenario.targets);
  const membership = membershipOf(scenario.targets);
  const events: RunEvent[] = [];
  const last = new Map<string, State>();
  const look = (now: number) => {
    for (const [second, target, state] of changes) if (now >= second * 1000) fake.states.set(target.instance, state);
    for (const target of scenario.targets) {
      const state = fake.states.get(target.instance) ?? 'unused';
      if (last.get(target.id) === state) continue;
      last.set(target.id, state);
      membership.event({ kind: 'target-observed', at: now, askedAt: now, health: health(target, state) });
    }
  };
  const stop = new AbortController();
  const clock = fakeClock(look);
  look(0);
  const plan: ExternalPlan = {
    kind: 'watch',
    untilIdleMs: null,
    maxDurationMs: 600_000,
    monotonicOriginNs: 0n,
    readMarks: () => '{"what":"down","target":"i-1","monotonicNs":"5000000"}\nnonsense\n',
    onOutput: () => undefined,
    ...more,
  };
  const traffic = {
    // The new version answers two seconds after its target is back.
    seenSince: (_: string, version: string, since: number) => version === 'v2' && clock.now() >= since + 2_000,
    silence: () => ({ lastSentAt: null, ms: 0, others: 0 }),
  };
  const facts = await fake.balancer.describe(stop.signal);
  const deps = { clock, balancer: fake.balancer, probe: { ask: async () => null } } as unknown as RunDeps;
  const context = { scenario, facts, events: { append: (e: RunEvent) => events.push(e) }, traffic, membership };
  const end = await runExternalDeploy(
    plan,
    deps,
    { ...context, everyMs: EVERY_MS },
    stop.signal,
    new AbortController().signal,
  );
  return { end, events, calls: fake.calls, endedAt: clock.now() };
}

const ROLL = [
  [10, one, 'unused'],
  [40, one, 'healthy'],
  [50, two, 'draining'],
  [80, two, 'initial'],
  [90, two, 'healthy'],
] as const;

describe('watching somebody else’s deploy', () => {
  it('ends when every target has left, come back and answered as the new version; it touches none', async () => {
    const { end, events, calls, endedAt } = await watched(ROLL);
    expect(end).toEqual({ deploy: 'complete', stillDetached: [], error: null });
    expect([endedAt >= 90_000, endedAt < 95_000], String(endedAt)).toEqual([true, true]);
    expect(calls).toEqual([]);
    expect(events.map((e) => e.kind)).toEqual(
      expect.arrayContaining(['stage-started', 'external-started', 'app-observed', 'warning', 'stage-ended']),
    );
    expect(events.find((e) => e.kind === 'app-observed')).toMatchObject({ target: one.id, what: 'down', at: 5 });
  });

  it('says that no deploy came', async () => {
    const { end, endedAt } = await watched([], { maxDurationMs: 60_000 });
    expect(end).toEqual({ deploy: 'not-started', stillDetached: [], error: null });
    expect(endedAt).toBe(60_000);
  });

  it('names what is out when its time is over', async () => {
    const { end } = await watched(ROLL.slice(0, 1), { maxDurationMs: 60_000 });
    expect(end).toMatchObject({ deploy: 'failed', stillDetached: [one.id], error: { code: 'DEPLOY_FAILED' } });
  });

  it('ends when nothing has changed for as long as was said, never while a target is out', async () => {
    const idle = { untilIdleMs: 20_000 };
    expect((await watched(ROLL.slice(0, 2), idle)).endedAt).toBe(60_000);
    expect(
      (
        await watched(
          [
            [10, one, 'unused'],
            [70, one, 'healthy'],
          ],
          idle,
        )
      ).endedAt,
    ).toBe(90_000);
    expect((await watched([], { ...idle, maxDurationMs: 50_000 })).endedAt).toBe(50_000);
  });
});

describe('a deploy command', () => {
  const command = async (script: string, more: object = {}, stop = new AbortController()) => {
    const fake = fakeBalancer(scenario.targets);
    if (script.includes('leave')) fake.states.set(one.instance, 'unused');
    const events: RunEvent[] = [];
    const plan = {
      kind: 'command',
      command: ['sh', '-c', script],
      timeoutMs: 5_000,
      attachLeft: false,
      env: { PATH: process.env.PATH },
      readMarks: () => '',
      monotonicOriginNs: 0n,
      onOutput: () => undefined,
      ...more,
    } as ExternalPlan;
    const signal = new AbortController().signal;
    const facts = await fake.balancer.describe(signal);
    const deps = {
      clock: fakeClock(),
      balancer: fake.balancer,
      probe: { ask: async () => null },
    } as unknown as RunDeps;
    const membership = membershipOf(scenario.targets);
    const traffic = { seenSince: () => true, silence: () => ({ lastSentAt: null, ms: 0, others: 0 }) };
    const context = { scenario, facts, events: { append: (e: RunEvent) => events.push(e) }, traffic, membership };
    const end = await runExternalDeploy(plan, deps, { ...context, everyMs: EVERY_MS }, stop.signal, signal);
    return { end, calls: fake.calls, ended: events.find((e) => e.kind === 'external-ended'), events };
  };

  it('is complete when it ends well and everything is in service', async () => {
    const { end, ended } = await command('echo rolled');
    expect(end).toEqual({ deploy: 'complete', stillDetached: [], error: null });
    expect(ended).toMatchObject({ exitCode: 0, outputTail: 'rolled\n', error: null });
  });

  it('that ends well but leaves a target out is not, and the target is attached only when asked', async () => {
    const left = await command(': leave one');
    expect(left.end).toMatchObject({ deploy: 'failed', stillDetached: [one.id] });
    expect(left.end.error?.message).toContain(`${one.id} is still detached`);
    expect(left.calls).toEqual([]);
    const asked = await command(': leave one', { attachLeft: true });
    expect(asked.end).toMatchObject({ deploy: 'failed', stillDetached: [] });
    expect(asked.calls).toEqual([`attach ${one.id}`]);
  });

  it.each([
    ['exit 9', { exitCode: 9, error: expect.stringContaining('exit code 9') }, 'failed'],
    ['kill -9 $$', { exitCode: null, error: expect.stringContaining('SIGKILL') }, 'failed'],
  ])('%s is told as it was', async (script, how, deploy) => {
    const { end, ended } = await command(script);
    expect(ended).toMatchObject(how);
    expect(end.deploy).toBe(deploy);
  });

  it('is ended by a signal with all it started, but not by a fault of ours', async () => {
    const signalled = new AbortController();
    setTimeout(() => signalled.abort('SIGINT'), 100);
    const stopped = await command('sleep 30 & wait', {}, signalled);
    expect(stopped.end).toMatchObject({ deploy: 'interrupted', error: { code: 'INTERRUPTED' } });
    const faulty = new AbortController();
    setTimeout(() => faulty.abort(new RollproofError('DISK_WRITE_FAILED', 'full')), 50);
    const finished = await command('sleep 0.3; echo whole', {}, faulty);
    expect(finished.ended).toMatchObject({ exitCode: 0, outputTail: 'whole\n' });
    expect(finished.end).toMatchObject({ deploy: 'failed', error: { code: 'DISK_WRITE_FAILED' } });
  });
});
