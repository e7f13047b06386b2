import { describe, expect, it } from 'vitest';
import { cleanDeploysFor, prospects, repeatsWithin } from '../../src/compare/budget.js';
import { ATTEMPTS_MAX, type Attempt, givenUp, nextRun, seedFor, slotsLeft } from '../../src/compare/study-plan.js';
import type { VerdictKind } from '../../src/domain/verdict.js';

const DESIGN = { variants: 4, repeats: 12, seed: 3 };

/** Runs a plan to its end; `verdictOf` plays the deploys. */
function played(design: typeof DESIGN, verdictOf: (run: Attempt, n: number) => VerdictKind): Attempt[] {
  const attempts: Attempt[] = [];
  for (let next = nextRun(design, attempts); next !== null; next = nextRun(design, attempts)) {
    const slot = { block: next.block, variant: next.variant, verdict: 'PASS' as const };
    attempts.push({ ...slot, verdict: verdictOf(slot, attempts.length) });
    if (attempts.length > 500) throw new Error('the plan does not end');
  }
  return attempts;
}

describe('nextRun', () => {
  it('runs every variant once per block, block after block, in orders that differ and come again from the seed', () => {
    const attempts = played(DESIGN, () => 'PASS');
    const blocks = Array.from({ length: 12 }, (_, b) => attempts.filter((a) => a.block === b).map((a) => a.variant));
    expect(blocks.every((order) => [...order].sort().join() === '0,1,2,3')).toBe(true);
    expect(attempts.map((a) => a.block)).toEqual([...attempts.map((a) => a.block)].sort((a, b) => a - b));
    expect(new Set(blocks.map(String)).size).toBeGreaterThan(5);
    expect(played(DESIGN, () => 'PASS')).toEqual(attempts);
    expect(played({ ...DESIGN, seed: 4 }, () => 'PASS')).not.toEqual(attempts);
  });

  it('puts every variant first about equally often', () => {
    const design = { variants: 4, repeats: 400, seed: 11 };
    const first = Array.from({ length: 400 }, (_, block) => {
      const before = Array.from({ length: block }, (_, b) =>
        [0, 1, 2, 3].map((variant): Attempt => ({ block: b, variant, verdict: 'PASS' })),
      ).flat();
      return nextRun(design, before)?.variant;
    });
    for (const v of [0, 1, 2, 3]) expect(first.filter((f) => f === v).length).toBeGreaterThan(65);
  });

  it('repeats an undecided run at once, does not count it, and gives up after a few', () => {
    let undecided = 0;
    const attempts = played({ ...DESIGN, repeats: 1 }, (a) =>
      a.variant === 2 && undecided++ < 1 ? 'INCONCLUSIVE' : 'PASS',
    );
    const at = attempts.findIndex((a) => a.verdict === 'INCONCLUSIVE');
    expect(attempts[at + 1]).toEqual({ block: 0, variant: 2, verdict: 'PASS' });
    expect(attempts).toHaveLength(5);
    const hopeless = played({ ...DESIGN, repeats: 2 }, (a) => (a.variant === 2 ? 'INCONCLUSIVE' : 'PASS'));
    expect(hopeless.filter((a) => a.variant === 2)).toHaveLength(2 * ATTEMPTS_MAX);
    expect(givenUp(hopeless, 2)).toBe(2);
    expect(givenUp(hopeless, 1)).toBe(0);
  });

  it('runs a variant with three failures only in every third block', () => {
    const attempts = played(DESIGN, (a) => (a.variant === 1 ? 'FAIL' : 'PASS'));
    expect(attempts.filter((a) => a.variant === 1).map((a) => a.block)).toEqual([0, 1, 2, 3, 6, 9]);
    expect(attempts.filter((a) => a.variant === 0)).toHaveLength(12);
  });

  it('goes on after any cut exactly where it was', () => {
    const verdictOf = (a: Attempt, n: number): VerdictKind =>
      n % 7 === 3 ? 'INCONCLUSIVE' : a.variant === 0 ? 'FAIL' : 'PASS';
    const whole = played(DESIGN, verdictOf);
    for (let cut = 0; cut < whole.length; cut++) {
      expect(nextRun(DESIGN, whole.slice(0, cut))).toMatchObject({
        block: whole[cut]!.block,
        variant: whole[cut]!.variant,
      });
      expect(slotsLeft(DESIGN, whole.slice(0, cut))[0]).toMatchObject({
        block: whole[cut]!.block,
        variant: whole[cut]!.variant,
      });
    }
    expect(nextRun(DESIGN, whole)).toBeNull();
    expect(slotsLeft(DESIGN, whole)).toEqual([]);
  });
});

describe('seedFor', () => {
  it('gives every run a seed of its own within what a scenario takes', () => {
    const seeds = Array.from({ length: 5000 }, (_, i) => seedFor(1, `lab/${i}/0/1`));
    expect(new Set(seeds).size).toBeGreaterThan(4995);
    expect(seeds.every((s) => Number.isInteger(s) && s >= 0 && s < 2 ** 31)).toBe(true);
  });
});

describe('what a study can prove', () => {
  it('plans whole blocks into a budget', () => {
    expect(repeatsWithin(7_200_000, [20_000, 40_000, 60_000])).toBe(60);
    expect(repeatsWithin(119_999, [20_000, 40_000, 60_000])).toBe(0);
    expect(repeatsWithin(1000, [])).toBe(0);
  });

  it('knows the clean deploys of the specification', () => {
    expect([0.05, 0.01].map((limit) => cleanDeploysFor(limit, 0.05))).toEqual([59, 299]);
    expect([0.05, 0.01].map((limit) => cleanDeploysFor(limit, 0.01))).toEqual([90, 459]);
    expect(cleanDeploysFor(0, 0.05)).toBe(Number.POSITIVE_INFINITY);
  });

  it('leaves the whole error to the outcomes where the need says nothing', () => {
    const [only] = prospects([5000], 10, 0.05, false);
    expect(only?.byRuns).toBeCloseTo(0.259, 3);
    expect(only?.byNeed).toBe(1);
  });

  it('counts a longer sleep as a trial of a shorter one', () => {
    const found = prospects([0, 5000, 15_000], 10, 0.05, true);
    expect(found.map((p) => [p.sleepMs, p.runs, p.trials])).toEqual([
      [0, 10, 30],
      [5000, 10, 20],
      [15_000, 10, 10],
    ]);
    // Whoever recommends by the one way or the other errs when either does: each has half of α.
    expect(found[2]?.byRuns).toBeCloseTo(1 - 0.025 ** (1 / 10), 10);
    expect(found[0]?.byNeed).toBeCloseTo(1 - (0.025 / 3) ** (1 / 30), 10);
  });
});
