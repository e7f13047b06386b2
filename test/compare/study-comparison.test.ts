import { describe, expect, it } from 'vitest';
import { prospects } from '../../src/compare/budget.js';
import { type StudyFacts, studyComparison } from '../../src/compare/study-comparison.js';
import type { StudyRun, Variant } from '../../src/domain/comparison.js';
import { need, runAt, summaryOf, variantAt } from './runs.js';

function study(variants: readonly Variant[], runs: readonly StudyRun[], change: Partial<StudyFacts> = {}) {
  return studyComparison({
    name: 'lab',
    place: summaryOf().place,
    toolVersion: '0.0.0',
    startedAt: '2026-01-01T00:00:00.000Z',
    command: ['rollproof', 'compare', 'lab.yaml'],
    scenarioFile: 'lab.yaml',
    design: { variants: variants.length, repeats: 30, seed: 1 },
    variants,
    targets: 2,
    sleeps: 2,
    current: { afterDetachMs: 60_000, afterAttachMs: 60_000 },
    alpha: 0.05,
    limit: 0.05,
    runs,
    ...change,
  });
}

const SLEEPS = [variantAt(0), variantAt(5000), variantAt(15_000)];
const repeated = (count: number, of: (block: number) => StudyRun[]) =>
  Array.from({ length: count }, (_, b) => of(b)).flat();
const clean = (count: number) =>
  repeated(count, (b) => [runAt(0, 0, b, { verdict: 'FAIL' }), runAt(1, 5000, b), runAt(2, 15_000, b)]);

describe('studyComparison', () => {
  it('recommends by need with the bound of all runs that slept long enough', () => {
    const found = study(SLEEPS, clean(80));
    const [r] = found.recommendations;
    expect(r).toMatchObject({ of: 'sleep', byNeedMs: 5000, byRunsMs: 5000, observedMinimumMs: 5000, alpha: 0.05 });
    expect(r?.table.map((t) => [t.sleepMs, t.trials, t.needMore])).toEqual([
      [0, 240, 240],
      [5000, 160, 0],
      [15_000, 80, 0],
    ]);
    expect(r?.table[1]?.needUpper).toBeCloseTo(1 - (0.025 / 3) ** (1 / 160), 10);
    expect(r?.table[2]?.runsUpper).toBeCloseTo(1 - 0.025 ** (1 / 80), 10);
    expect(found.standing).toBe('proven');
    expect(found.headline).toBe(
      "Smallest safe sleep: 5 s. A deploy gets 3 min 40 s shorter than with the scenario's own sleeps.",
    );
    expect(r?.statement).toBe(
      'sleep 5 s: 0 of 160 deploys needed more or may have → at most 2.95 % of such deploys do (95 %, shared among 3 sleeps and two ways to tell).',
    );
    expect(found.rows.map((row) => row.standing)).toEqual(['downtime', 'proven', 'proven']);
  });

  it('judges with the very parts of α that the plan was promised with', () => {
    const slept = [variantAt(5000), variantAt(15_000)];
    const runs = repeated(30, (b) => [runAt(0, 5000, b), runAt(1, 15_000, b)]);
    const table = study(slept, runs).recommendations[0]?.table;
    const promised = prospects([5000, 15_000], 30, 0.05, true);
    expect(table?.map((t) => [t.trials, t.needUpper, t.runs, t.runsUpper])).toEqual(
      promised.map((p) => [p.trials, p.byNeed, p.runs, p.byRuns]),
    );
  });

  it('gives the outcomes the whole error after a gated wait, whose needs say nothing', () => {
    const gated = [5000, 15_000].map((ms) => variantAt(ms, { group: 'wait both', wait: 'both' }));
    const runs = repeated(59, (b) => gated.map((v, i) => runAt(i, v.afterDetachMs, b, { wait: 'both' })));
    const [r] = study(gated, runs).recommendations;
    expect(r).toMatchObject({ byNeedMs: null, byRunsMs: 5000, hasNeed: false });
    expect(r?.statement).toBe(
      'sleep 5 s: 0 of 59 deploys had downtime → at most 4.95 % of such deploys (95 %), fixed sequence from the longest sleep.',
    );
  });

  it('calls few clean runs observed, not proven, and says what would prove it', () => {
    const found = study(SLEEPS, clean(3));
    expect(found.standing).toBe('observed');
    expect(found.recommendations[0]).toMatchObject({ byNeedMs: null, byRunsMs: null, observedMinimumMs: 5000 });
    expect(found.headline).toBe(
      'So far: sleep 5 s: observed, not proven. To prove downtime in at most 5 % of deploys takes 94 clean ones.',
    );
    expect(found.recommendations[0]?.statement).toContain('Observed, not proven: 5 s');
    expect(found.rows.map((row) => row.standing)).toEqual(['downtime', 'clean', 'clean']);
    expect(found.complete).toBe(false);
    expect(found.doesNotProve.join(' ')).toContain('not complete');
  });

  it('does not let a sleep that nothing failed with look safe when deploys needed more', () => {
    const late = [need(7000), need(6000)];
    const runs = repeated(3, (b) => [runAt(1, 5000, b, { targets: late }), runAt(2, 15_000, b)]);
    expect(
      study(
        SLEEPS.slice(1),
        runs.map((r) => ({ ...r, variant: r.variant - 1 })),
      ).headline,
    ).toContain('leep 5 s: observed, not proven, though 3 of 6 needed more or may have');
  });

  it('tells from one long run what shorter sleeps would have done', () => {
    const found = study(SLEEPS, [runAt(2, 15_000, 0)]);
    expect(found.recommendations[0]?.provisional).toMatchObject({ needMs: 2000, sleepMs: 5000 });
    expect(found.recommendations[0]?.table[1]).toMatchObject({ trials: 1, needMore: 0, runs: 0 });
    expect(found.headline).toContain('(longest need seen 2 s)');
    expect(found.recommendations[0]?.statement).toContain('The longest need seen was 2 s');
    expect(found.recommendations[0]?.statement).toContain('at least 5 % of such deploys need no more');
  });

  it('recommends nothing when a run failed although it slept long enough', () => {
    const riddle = runAt(2, 15_000, 60, { runId: 'lab-odd', verdict: 'FAIL', targets: [need(2000), need(1500)] });
    const found = study(SLEEPS, [...clean(60), riddle]);
    expect(found.standing).toBe('other-cause');
    expect(found.recommendations[0]).toMatchObject({ byNeedMs: null, byRunsMs: null, provisional: null });
    expect(found.headline).toContain('lab-odd');
    expect(found.recommendations[0]?.table.every((t) => !t.needShown && !t.runsShown)).toBe(true);
    expect(found.rows.some((row) => row.standing === 'proven')).toBe(false);
  });

  it('flags a longer sleep that fails where a shorter one holds, when nothing says the sleep was at fault', () => {
    // No identity headers: no need is known, so only the order of the outcomes speaks.
    const unknown = [need(null, null), need(null, null)];
    const runs = repeated(60, (b) => [
      runAt(1, 5000, b, { targets: unknown }),
      runAt(2, 15_000, b, { targets: unknown, verdict: b === 7 ? 'FAIL' : 'PASS' }),
    ]);
    const found = study(SLEEPS, runs);
    expect(found.recommendations[0]?.nonMonotone).toContain('sleep 15 s had downtime where 5 s had none');
    expect(found.standing).toBe('other-cause');
  });

  it('does not call it another cause when the longer sleep plainly was too short for that deploy', () => {
    const runs = repeated(120, (b) => [runAt(1, 5000, b), runAt(2, 15_000, b, b === 7 ? { verdict: 'FAIL' } : {})]);
    const found = study(SLEEPS, runs);
    expect(found.recommendations[0]).toMatchObject({ nonMonotone: null, otherCauses: [] });
    expect(found.recommendations[0]?.table[1]).toMatchObject({ trials: 240, needMore: 1 });
  });

  it('counts undecided runs for nothing, and places given up as not safe', () => {
    const undecided = [1, 2, 3].map((attempt) => ({ ...runAt(2, 15_000, 60, { verdict: 'INCONCLUSIVE' }), attempt }));
    const found = study(SLEEPS, [...clean(60), ...undecided]);
    expect(found.rows[2]).toMatchObject({ runs: 60, undecided: 3, givenUp: 1 });
    expect(found.recommendations[0]?.table[2]).toMatchObject({ runs: 61, bad: 1, trials: 61, needMore: 1 });
    expect(found.doesNotProve.join(' ')).toContain('stayed undecided');
  });

  it('keeps two sleeps apart and lets their claims share the error', () => {
    const grid = [
      variantAt(0, { label: 'a', afterDetachMs: 5000, afterAttachMs: 1000 }),
      variantAt(0, { label: 'b', afterDetachMs: 5000, afterAttachMs: 4000 }),
      variantAt(0, { label: 'c', afterDetachMs: 15_000, afterAttachMs: 4000 }),
    ];
    const targets = [need(2000, 3000), need(1500, 9000)];
    const runs = repeated(90, (b) => [
      // The second target was not back: the sleep after the attach is at fault, not the one after the detach.
      runAt(0, 0, b, { verdict: 'FAIL', afterDetachMs: 5000, afterAttachMs: 1000, targets }),
      runAt(1, 0, b, { afterDetachMs: 5000, afterAttachMs: 4000, targets }),
      runAt(2, 0, b, { afterDetachMs: 15_000, afterAttachMs: 4000, targets }),
    ]);
    const found = study(grid, runs);
    expect(found.recommendations.map((r) => [r.of, r.byNeedMs, r.byRunsMs, r.alpha])).toEqual([
      ['sleep after detach', 5000, 5000, 0.025],
      ['sleep after attach', 4000, 4000, 0.025],
    ]);
    expect(found.headline).toContain('safe sleep after detach: 5 s, safe sleep after attach: 4 s');
    expect(found.rows.map((row) => row.standing)).toEqual(['downtime', 'proven', 'proven']);
  });

  it('puts a gated wait beside the sleeps without pooling it with them', () => {
    const gated = variantAt(5000, { label: 'wait health', group: 'wait health', wait: 'health' });
    const runs = [...clean(3), ...repeated(3, (b) => [runAt(3, 5000, b, { wait: 'health', deployMs: 9000 })])];
    const found = study([...SLEEPS, gated], runs);
    expect(found.recommendations).toHaveLength(1);
    expect(found.recommendations[0]?.table[1]?.trials).toBe(6);
    expect(found.rows[3]).toMatchObject({ runs: 3, bad: 0, deployMs: 9000 });
    expect(found.rows[3]?.statement).toContain('wait health: 0 of 3 deploys had downtime');
    expect(found.headline).toMatch(
      / wait health: 0 of 3 deploys had downtime, a deploy took 9 s \(22 s with the quickest sleep that had none\)\.$/,
    );
  });

  it("reckons what a recommendation saves from the scenario's own sleeps", () => {
    expect(study(SLEEPS, clean(3)).rows[1]?.deltaMs).toBe(22_000 - (22_000 + 2 * (120_000 - 30_000)));
  });

  it('lays other values than sleeps side by side, and says of each sleep whose it is', () => {
    const of = (strategy: string) =>
      variantAt(5000, {
        label: `rollout.strategy=${strategy}`,
        group: `rollout.strategy=${strategy}`,
        overrides: [{ path: 'rollout.strategy', text: strategy }],
      });
    const variants = [of('rolling'), of('blue-green')];
    const runs = repeated(2, (b) => [runAt(0, 5000, b, { deployMs: 29_000 }), runAt(1, 5000, b, { deployMs: 13_500 })]);
    const own = { afterDetachMs: 5000, afterAttachMs: 5000, group: 'rollout.strategy=blue-green' };
    const found = study(variants, runs, { current: own, sleeps: 1 });
    expect(found.headline).toMatch(
      /^(So far: )?rollout\.strategy=rolling: 0 of 2 deploys had downtime, 29 s each; rollout\.strategy=blue-green: 0 of 2 deploys had downtime, 13\.5 s each\. To prove downtime in at most 5 % /,
    );
    // Against what the scenario does by itself, not against whichever came first.
    expect(found.rows.map((row) => row.deltaMs)).toEqual([15_500, 0]);
    expect(study(variants, runs, { current: { ...own, group: null } }).rows[0]?.deltaMs).toBeNull();
    const doubts = found.doesNotProve.join('\n');
    expect(doubts).toMatch(/^.*rollout\.strategy=rolling: No sleep is proven/m);
    expect(doubts).toMatch(/blue-green: No sleep is proven/);
    expect(doubts).toMatch(/Strategies do not roll the same fleet/);
    expect(study(SLEEPS, clean(3)).doesNotProve.join()).not.toMatch(/Strategies/);
  });

  it('says nothing of an empty study, and is the same twice', () => {
    const empty = study(SLEEPS, []);
    expect(empty).toMatchObject({ standing: 'none', headline: 'No deploy was counted, so nothing is known.' });
    expect(JSON.stringify(study(SLEEPS, clean(5)))).toBe(JSON.stringify(study(SLEEPS, clean(5))));
  });
});
