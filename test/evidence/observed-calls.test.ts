import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { analyze } from '../../src/analyze.js';
import type { BalancerChange, RunEvent, RunEventOf } from '../../src/domain/event.js';
import { withObservedCalls } from '../../src/evidence/observed-calls.js';
import { polled } from '../runs/polled.js';
import { type World, worldRun } from '../runs/world.js';

function seen(target: string, at: number, registered: boolean, previousAskedAt?: number | null): RunEvent {
  const state = registered ? ('healthy' as const) : ('unused' as const);
  const health = { target, state, registered, reasonCode: 'N/A', description: '' };
  return {
    kind: 'target-observed',
    at,
    askedAt: at - 10,
    health,
    ...(previousAskedAt === undefined ? {} : { previousAskedAt }),
  };
}
const started: RunEvent = { kind: 'external-started', at: 0, by: 'command', command: ['x'] };
const cycle = [started, seen('a', 20, true, null), seen('a', 4020, false, 2000), seen('a', 9020, true, 7000)];
const mark = (what: BalancerChange, at: number): RunEvent => ({ kind: 'balancer-mark', at, target: 'a', what });
function outcome(events: readonly RunEvent[]) {
  const all = withObservedCalls(events);
  const calls = all.filter((e): e is RunEventOf<'balancer-call'> => e.kind === 'balancer-call');
  const warnings = all.filter((e): e is RunEventOf<'warning'> => e.kind === 'warning');
  return {
    calls: calls.map((c) => [c.operation, c.requestedAt, c.respondedAt]),
    warnings: warnings.map((w) => w.message),
  };
}

describe('changes of membership seen from outside', () => {
  it('lie between the question before and the answer that showed them', () => {
    expect(outcome(cycle)).toEqual({
      calls: [
        ['detach', 2000, 4020],
        ['attach', 7000, 9020],
      ],
      warnings: [],
    });
  });

  it('are not looked for where this program made the calls itself', () => {
    const events = cycle.slice(1);
    expect(withObservedCalls(events)).toBe(events);
  });

  it('count from the last answer written down in journals that do not say when was asked before', () => {
    const old = [started, seen('a', 20, true), seen('a', 4020, false)];
    expect(outcome(old).calls).toEqual([['detach', 10, 4020]]);
  });

  it('are narrowed by marks that fit', () => {
    const marks = [mark('detach-requested', 2500), mark('detached', 2600), mark('attach-requested', 8000)];
    expect(outcome([...cycle, ...marks]).calls).toEqual([
      ['detach', 2500, 2600],
      ['attach', 8000, 9020],
    ]);
  });

  it.each([
    ['detached', 1500, /still|otherwise before and after/],
    ['detach-requested', 5000, /otherwise/],
    ['attached', 6000, /otherwise/],
    ['attach-requested', 1000, /otherwise/],
    ['detached', 9500, /otherwise/],
  ] as const)('do not believe a mark %s at %i that the polls contradict', (what, at, words) => {
    const { calls, warnings } = outcome([...cycle, mark(what, at)]);
    expect(calls).toEqual(outcome(cycle).calls);
    expect(warnings).toEqual([expect.stringMatching(words)]);
  });

  it('let late marks, and marks that contradict each other, say nothing', () => {
    const late = [mark('detached', 5000), mark('attach-requested', 5500)];
    expect(outcome([...cycle, ...late])).toEqual(outcome(cycle));
    const crossed = [mark('detach-requested', 3000), mark('detached', 2500)];
    expect(outcome([...cycle, ...crossed]).calls).toEqual(outcome(cycle).calls);
  });
});

const kindOf = (facts: ReturnType<typeof worldRun>) => analyze(facts).verdict.kind;
const TWO_SECONDS = { everyMs: 2000, phaseMs: 130 };

describe('a deploy known to two seconds only', () => {
  it('passes when it is clean, its figures wider than the exact ones by what is not known', () => {
    const world = worldRun({ afterDetachMs: 4000, afterAttachMs: 4000 });
    const exact = analyze(world);
    const wide = analyze(polled(world, TWO_SECONDS));
    expect([exact.verdict.kind, wide.verdict.kind], wide.verdict.sentence).toEqual(['PASS', 'PASS']);
    expect(wide.window!.from).toBeLessThanOrEqual(exact.window!.from);
    for (const [i, row] of wide.replacements.entries()) {
      const was = exact.replacements[i]!;
      expect(row.detachLagLoMs!).toBeLessThanOrEqual(was.detachLagLoMs!);
      expect(row.detachLagHiMs!).toBeGreaterThanOrEqual(was.detachLagHiMs!);
      expect(row.attachLagLoMs!).toBeLessThanOrEqual(was.attachLagLoMs!);
      expect(row.attachLagHiMs!).toBeGreaterThanOrEqual(was.attachLagHiMs!);
      expect(row.needHiMs!).toBeGreaterThanOrEqual(was.needHiMs!);
      expect(row.inFlightAtDetach).toBeLessThanOrEqual(was.inFlightAtDetach);
    }
    const widened = wide.replacements.map((row, i) => row.detachLagHiMs! - exact.replacements[i]!.detachLagHiMs!);
    expect(Math.max(...widened)).toBeGreaterThan(500);
  });

  it('says the same of the same deploy when nothing is unknown', () => {
    const world = worldRun({ afterDetachMs: 200, graceful: false });
    const exact = analyze(world);
    const seenAtOnce = analyze(polled(world, { everyMs: 0 }));
    expect(seenAtOnce.verdict.kind).toBe('FAIL');
    expect(seenAtOnce.outages.map((o) => o.causes[0].code)).toEqual(exact.outages.map((o) => o.causes[0].code));
  });

  it('names the right cause of a sleep too short, with the figures it is sure of', () => {
    const result = analyze(polled(worldRun({ afterDetachMs: 100, detachLagMs: 900 }), { everyMs: 100 }));
    expect(result.verdict.codes).toEqual(['DOWNTIME_OBSERVED']);
    expect(result.outages[0]!.causes[0]).toMatchObject({ code: 'ROUTED_TO_STOPPED', target: 's1' });
    expect(result.outages[0]!.causes[0].sentence).toMatch(/give or take/);
    expect(result.outages[0]!.causes[0].hint).not.toContain('rollout.sleep');
  });

  it('never lays a failure on a detach that may not have begun', () => {
    // Draining is off: what is in flight is cut at the detach itself, somewhere within these two seconds.
    const world = worldRun({ drainingEnabled: false, afterDetachMs: 4000, afterAttachMs: 4000 });
    const exact = analyze(world);
    const wide = analyze(polled(world, { ...TWO_SECONDS, appMarks: false }));
    expect(exact.outages[0]!.causes[0].code).toBe('DRAIN_TIMEOUT');
    expect(wide.verdict.kind).toBe('FAIL');
    expect(wide.outages[0]!.causes.map((c) => c.code)).not.toContain('DRAIN_TIMEOUT');
  });

  it('does not excuse such a failure under the attributed policy either', () => {
    const noisy: World = {
      noise: 0.002,
      drainingEnabled: false,
      afterDetachMs: 4000,
      afterAttachMs: 4000,
      longPerSecond: 3,
      policy: { mode: 'attributed', delta: 0.05 },
    };
    expect(analyze(worldRun(noisy)).verdict.codes).toContain('MECHANISM_WITNESSED');
    const wide = analyze(polled(worldRun(noisy), { ...TWO_SECONDS, appMarks: false }));
    expect(wide.verdict.kind).not.toBe('PASS');
    expect(wide.checks.map((c) => c.code)).toContain('TIMES_UNCERTAIN');
  });

  it('does not pass where the old version may have answered after the attach', () => {
    const wide = analyze(polled(worldRun({ stale: true }), { everyMs: 2000, phaseMs: 600 }));
    expect(wide.verdict.kind).not.toBe('PASS');
  });

  it.each([
    ['its command failed', { exitCode: 3 }, 'DEPLOY_INCOMPLETE'],
    ['it was never seen to take anything out', { everyMs: 1e9 }, 'REPLACEMENT_UNPROVEN'],
  ])('does not pass when %s', (_, how, code) => {
    const result = analyze(polled(worldRun({ afterDetachMs: 4000, afterAttachMs: 4000 }), { everyMs: 500, ...how }));
    expect(result.verdict.kind).toBe('INCONCLUSIVE');
    expect(result.verdict.codes).toContain(code);
  });

  it('does not pass when a target is out at the end, whatever the command said', () => {
    const facts = polled(worldRun({ afterDetachMs: 4000, afterAttachMs: 4000 }), { everyMs: 500 });
    const last = facts.events.at(-1)!.at;
    const events = [...facts.events, seen('s2', last - 1, false, last - 500)];
    const result = analyze({
      ...facts,
      events: events.sort((a, b) => (a.kind === 'run-ended' ? 1 : b.kind === 'run-ended' ? -1 : a.at - b.at)),
    });
    expect(result.verdict.codes).toContain('DEPLOY_INCOMPLETE');
    expect(result.verdict.sentence).toContain('s2');
  });

  it('counts what failed before the first detach once the command had begun', () => {
    const world = worldRun({ afterDetachMs: 4000, afterAttachMs: 4000 });
    const facts = polled(world, { everyMs: 500 });
    const began = facts.events.find((e) => e.kind === 'external-started')!.at;
    expect(analyze(facts).window!.from).toBe(began);
    expect(analyze(polled(world, { everyMs: 500, by: 'somebody' })).window!.from).toBeGreaterThan(began - 500);
  });
});

describe('what is not known of the times', () => {
  it('never turns FAIL into PASS, nor a clean deploy into FAIL', { timeout: 120_000 }, () => {
    const worlds = fc.record({
      seed: fc.integer({ min: 1, max: 1e6 }),
      afterDetachMs: fc.constantFrom(50, 300, 1500, 3500),
      afterAttachMs: fc.constantFrom(100, 1500, 3500),
      detachLagMs: fc.constantFrom(50, 700),
      attachLagMs: fc.constantFrom(50, 900),
      readyLagMs: fc.constantFrom(0, 300),
      graceful: fc.boolean(),
      drainingEnabled: fc.boolean(),
      stale: fc.boolean(),
      noise: fc.constantFrom(0, 0, 0.003),
      longPerSecond: fc.constantFrom(0.5, 10),
      ratePerSecond: fc.constant(200),
      policy: fc.constantFrom<World['policy']>(
        { slo: 0.99 },
        { mode: 'budget', slo: 0.98, maxOutageMs: 5000 },
        { mode: 'attributed', delta: 0.05 },
      ),
    });
    const views = fc.record({
      everyMs: fc.integer({ min: 50, max: 4000 }),
      phaseMs: fc.integer({ min: 0, max: 4000 }),
      answerMs: fc.integer({ min: 1, max: 400 }),
      appMarks: fc.boolean(),
      by: fc.constantFrom('command' as const, 'somebody' as const),
    });
    fc.assert(
      fc.property(worlds, views, (world, view) => {
        const facts = worldRun(world as World);
        const exact = kindOf(facts);
        const wide = kindOf(polled(facts, view));
        if (exact === 'FAIL') expect(wide).not.toBe('PASS');
        if (exact === 'PASS') expect(wide).not.toBe('FAIL');
      }),
      { numRuns: Number(process.env.ROLLPROOF_FUZZ_RUNS ?? 20) },
    );
  });
});
