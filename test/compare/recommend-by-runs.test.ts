import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { observedMinimum, recommendByRuns } from '../../src/compare/recommend-by-runs.js';
import type { SleepRuns } from '../../src/compare/sleep-runs.js';
import { randomOf } from '../runs/random.js';
import { isWithin, SLEEPS_MS, studyOf } from './study.js';

const ALPHA = 0.05;
const STUDIES = 4000;

/** How often a rule picks a sleep whose true chance of downtime exceeds the limit. */
function errorsOf(
  seed: number,
  repeats: number,
  limit: number,
  downtime: (sleepMs: number) => number,
  pick: (rows: readonly SleepRuns[]) => number | null,
): number {
  const random = randomOf(seed);
  let errors = 0;
  for (let study = 0; study < STUDIES; study++) {
    const picked = pick(studyOf(random, repeats, downtime));
    if (picked !== null && downtime(picked) > limit) errors++;
  }
  return errors;
}

const row = fc.record({
  sleepMs: fc.integer({ min: 0, max: 8 }).map((s) => s * 1000),
  runs: fc.integer({ min: 0, max: 120 }),
  bad: fc.constantFrom(0, 0, 0, 1, 2),
});

describe('recommendByRuns', () => {
  // Truths just beyond the limit at every sleep, at all but the longest, and far beyond it at the short ones.
  const truths: readonly (readonly [string, number, (sleepMs: number) => number])[] = [
    ['every sleep just too short', 59, () => 0.0501],
    ['only the longest long enough', 93, (s) => (s >= 60_000 ? 0 : 0.0501)],
    ['a steep curve', 59, (s) => (s >= 30_000 ? 0.001 : s >= 15_000 ? 0.0501 : 0.6)],
    ['a curve that is not monotone', 59, (s) => (s === 30_000 ? 0.0501 : 0)],
  ];
  it.each(truths)('recommends a bad sleep with probability ≤ α: %s', (_name, repeats, downtime) => {
    const seed = 815 + repeats;
    const errors = errorsOf(seed, repeats, 0.05, downtime, (rows) => recommendByRuns(rows, 0.05, ALPHA).recommendedMs);
    expect(isWithin(errors, STUDIES, ALPHA), `${errors} of ${STUDIES} studies, seed ${seed}`).toBe(true);
    // The limit is met nearly exactly, so the bound is not idle: a laxer one would be noticed.
    if (repeats === 59 && downtime(60_000) > 0.05) expect(errors).toBeGreaterThan(STUDIES * 0.03);
  });

  it('is not the smallest sleep without a failure, which is wrong in most studies of few repeats', () => {
    const needsMore = (s: number) => (s >= 30_000 ? 0.004 : s >= 15_000 ? 0.058 : s >= 5000 ? 0.37 : 1);
    const seed = 815;
    const errors = errorsOf(seed, 3, 0.05, needsMore, observedMinimum);
    expect(errors, `seed ${seed}`).toBeGreaterThan(STUDIES * 0.75);
    expect(isWithin(errors, STUDIES, ALPHA)).toBe(false);
    expect(errorsOf(seed, 3, 0.05, needsMore, (rows) => recommendByRuns(rows, 0.05, ALPHA).recommendedMs)).toBe(0);
  });

  it('recommends the good sleep when there are runs enough', () => {
    const rows = studyOf(randomOf(1), 299, (s) => (s >= 15_000 ? 0 : 1));
    expect(recommendByRuns(rows, 0.01, ALPHA)).toMatchObject({ recommendedMs: 15_000, observedMinimumMs: 15_000 });
  });

  it('shows nothing below the first sleep that is not shown, and never more after another failure', () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 8 }), fc.constantFrom(0.05, 0.1, 0.3), (rows, limit) => {
        const { table, recommendedMs } = recommendByRuns(rows, limit, ALPHA);
        const end = table.findIndex((r) => !r.shown);
        expect(table.slice(end < 0 ? table.length : end).every((r) => !r.shown)).toBe(true);
        expect(table.map((r) => r.sleepMs)).toEqual([...new Set(rows.map((r) => r.sleepMs))].sort((a, b) => b - a));
        expect(recommendedMs).toBe(table.findLast((r) => r.shown)?.sleepMs ?? null);
        const worse = rows.map((r, i) => (i === 0 ? { ...r, bad: r.bad + 1 } : r));
        const after = recommendByRuns(worse, limit, ALPHA).recommendedMs;
        if (after !== null) expect(recommendedMs).toBeLessThanOrEqual(after);
        if (after !== null) expect(recommendedMs).not.toBeNull();
      }),
    );
  });

  it('counts rows of one sleep together', () => {
    const parts = [
      { sleepMs: 5000, runs: 30, bad: 0 },
      { sleepMs: 5000, runs: 29, bad: 0 },
    ];
    expect(recommendByRuns(parts, 0.05, ALPHA).recommendedMs).toBe(5000);
    const cancelled = [...parts, { sleepMs: 5000, runs: 1, bad: 1 }, { sleepMs: 5000, runs: 0, bad: -1 }];
    expect(recommendByRuns(cancelled, 0.05, ALPHA)).toMatchObject({ recommendedMs: null, observedMinimumMs: null });
  });

  it('proves nothing from nothing', () => {
    const good = { sleepMs: 5000, runs: 1000, bad: 0 };
    const nothing = { recommendedMs: null, observedMinimumMs: null };
    expect(recommendByRuns([], 0.05, ALPHA)).toEqual({ ...nothing, table: [] });
    expect(recommendByRuns([{ ...good, runs: 0 }], 1, ALPHA)).toMatchObject(nothing);
    for (const slip of [{ bad: Number.NaN }, { runs: Number.NaN, bad: 1 }, { sleepMs: Number.NaN }]) {
      expect(recommendByRuns([{ ...good, ...slip }, good], 0.05, ALPHA)).toMatchObject(nothing);
    }
    for (const alpha of [0, -1, 1, 2, Number.NaN])
      expect(recommendByRuns([good], 0.05, alpha).recommendedMs).toBeNull();
    expect(recommendByRuns([good], Number.NaN, ALPHA).recommendedMs).toBeNull();
  });
});

describe('observedMinimum', () => {
  it('is the shortest sleep that ran, with no failure at it or above', () => {
    const rows = (bad: readonly number[], runs = 5) => SLEEPS_MS.map((sleepMs, i) => ({ sleepMs, runs, bad: bad[i]! }));
    expect(observedMinimum(rows([3, 1, 0, 0, 0]))).toBe(15_000);
    expect(observedMinimum(rows([3, 0, 0, 1, 0]))).toBe(60_000);
    expect(observedMinimum(rows([0, 0, 0, 0, 1]))).toBeNull();
    expect(observedMinimum([{ sleepMs: 0, runs: 0, bad: 0 }, ...rows([0, 0, 0, 0, 0]).slice(2)])).toBe(15_000);
  });
});
