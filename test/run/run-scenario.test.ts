import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { RollproofError } from '../../src/domain/errors.js';
import type { RunEvent } from '../../src/domain/event.js';
import type { TrafficEngine } from '../../src/domain/ports.js';
import { createRunDirectory } from '../../src/journal/run-directory.js';
import { realClock } from '../../src/run/clock.js';
import { type RunDeps, runScenario } from '../../src/run/run-scenario.js';
import { fakeBalancer } from '../support/fake-balancer.js';
import { testScenario } from '../support/scenario.js';

const folder = mkdtempSync(join(tmpdir(), 'rollproof-run-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Fires nothing; ends when told to, or by itself after `diesAfterMs`. */
function silentEngine(diesAfterMs: number | null = null): TrafficEngine {
  return {
    capabilities: {
      name: 'silent',
      seesResetsOnReuse: true,
      knowsScheduledTime: true,
      healthEveryMs: null,
      hasControl: false,
    },
    run: (_workload, _sinks, signal) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve({ scheduled: 0, error: null }), { once: true });
        if (diesAfterMs !== null) setTimeout(() => resolve({ scheduled: 7, error: 'worker crashed' }), diesAfterMs);
      }),
  };
}

function rig(engine: TrafficEngine, received?: RunDeps['received']) {
  const base = testScenario();
  const scenario = testScenario({
    rollout: { ...base.rollout, minInService: 0, sleep: { afterDetachMs: 60, afterAttachMs: 20 } },
    traffic: { ...base.traffic, warmUpMs: 10, baselineMs: 20, settleMs: 10 },
  });
  const fake = fakeBalancer(scenario.targets);
  const dir = createRunDirectory(folder, 'test', new Date(0));
  const clock = realClock(process.hrtime.bigint());
  const seen: RunEvent[] = [];
  const stop = new AbortController();
  const header = {
    kind: 'header' as const,
    schemaVersion: 1,
    toolVersion: '0',
    runId: 'r',
    startedAtWall: new Date(0).toISOString(),
    monotonicOriginNs: '0',
    scenario,
    scenarioFile: null,
    command: [],
    gitRevision: null,
    tools: {},
  };
  const run = async () =>
    runScenario(
      {
        dir,
        header,
        scenario,
        facts: await fake.balancer.describe(stop.signal),
        findings: [],
        forced: false,
        watchEveryMs: 10,
      },
      {
        clock,
        balancer: fake.balancer,
        engine,
        probe: { ask: async () => null },
        deployer: () => ({ deploy: async () => undefined }),
        observer: { event: (e) => seen.push(e), traffic: () => undefined },
        ...(received === undefined ? {} : { received }),
      },
      stop.signal,
      new AbortController().signal,
    );
  const lines = () =>
    readFileSync(join(dir, 'events.ndjson'), 'utf8')
      .trim()
      .split('\n')
      .map((l) => JSON.parse(l) as { kind: string });
  return { ...fake, dir, run, stop, seen, lines };
}

describe('a run', () => {
  it('writes down what the applications received, duplicates as a warning, before the run ends', async () => {
    const audit = { count: 12, distinct: 9, duplicates: 2, untracked: 1 };
    const audited = async (received: RunDeps['received']) => {
      const { run, seen } = rig(silentEngine(), received);
      await run();
      expect(seen.at(-1)?.kind).toBe('run-ended');
      const stopped = seen.findIndex((e) => e.kind === 'traffic-stopped');
      return seen.slice(stopped).filter((e) => e.kind === 'request-audit' || e.kind === 'warning');
    };
    expect(await audited(async () => audit)).toMatchObject([
      { kind: 'request-audit', ...audit },
      { kind: 'warning', message: expect.stringMatching(/^2 of 12 requests reached an application a second time/) },
    ]);
    expect(await audited(async () => ({ ...audit, duplicates: 0, distinct: 11 }))).toHaveLength(1);
    expect(await audited(async () => null)).toEqual([]);
    expect(await audited(() => Promise.reject(new Error('gone')))).toMatchObject([
      { kind: 'warning', message: 'no audit of the requests: gone' },
    ]);
  });

  it('writes every fact down, the header first and the end last', async () => {
    const r = rig(silentEngine());
    expect(await r.run()).toEqual({ stillDetached: [], error: null });
    const kinds = r.lines().map((l) => l.kind);
    expect(kinds[0]).toBe('header');
    expect(kinds.at(-1)).toBe('run-ended');
    expect(kinds).toEqual(
      expect.arrayContaining(['balancer-facts', 'preflight', 'traffic-started', 'traffic-stopped', 'target-observed']),
    );
    expect(r.lines().at(-1)).toMatchObject({ deploy: 'complete', stillDetached: [] });
  });

  it('stops the roll and attaches again when the traffic engine dies: nobody would watch the rest', async () => {
    const r = rig(silentEngine(60));
    const end = await r.run();
    expect(end.error?.message).toContain('worker crashed');
    expect([...r.states.values()]).toEqual(['healthy', 'healthy']);
    expect(r.calls).not.toContain('detach staging-2');
    expect(r.lines().at(-1)).toMatchObject({ kind: 'run-ended', deploy: 'failed' });
  });

  it('is stopped by a signal: attached again, journalled as interrupted', async () => {
    const r = rig(silentEngine());
    const running = r.run();
    await expect.poll(() => r.calls, { interval: 1 }).toContain('detach staging-1');
    r.stop.abort('SIGTERM');
    expect((await running).error).toBeInstanceOf(RollproofError);
    expect([...r.states.values()]).toEqual(['healthy', 'healthy']);
    expect(r.lines()).toEqual(
      expect.arrayContaining([expect.objectContaining({ kind: 'interrupted', signal: 'SIGTERM' })]),
    );
    expect(r.lines().at(-1)).toMatchObject({ deploy: 'interrupted' });
  });

  it('touches nothing when it is stopped before the first detach', async () => {
    const r = rig(silentEngine());
    r.stop.abort('SIGINT');
    await r.run();
    expect(r.calls).toEqual([]);
    expect(r.lines().at(-1)).toMatchObject({ deploy: 'not-started' });
  });

  it('touches nothing, and says why, when the samples cannot be written at all', async () => {
    const r = rig(silentEngine());
    rmSync(join(r.dir, 'samples'), { recursive: true });
    const end = await r.run();
    expect(end).toMatchObject({ stillDetached: [], error: { code: 'DISK_WRITE_FAILED' } });
    expect(r.calls).toEqual([]);
    expect(r.lines().at(-1)).toMatchObject({ kind: 'run-ended', deploy: 'not-started' });
  });

  it('attaches again after a fault of its own, which is no signal', async () => {
    const r = rig(silentEngine());
    setTimeout(() => r.stop.abort(new RollproofError('INTERNAL', 'boom')), 60);
    const end = await r.run();
    expect(end).toMatchObject({ stillDetached: [], error: { code: 'INTERNAL', message: 'boom' } });
    expect([...r.states.values()]).toEqual(['healthy', 'healthy']);
    expect(r.lines().filter((l) => l.kind === 'interrupted')).toEqual([]);
  });
});
