import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nonIncreasingFit } from '../../src/stats/isotonic.js';

type Row = readonly [bad: number, trials: number];

function squares(fit: readonly number[], rows: readonly Row[]): number {
  return rows.reduce((sum, [bad, n], i) => sum + n * (bad / n - fit[i]!) ** 2, 0);
}

/** The best of all ways to cut the rows into neighbours of equal value that do not rise. */
function byEnumeration(rows: readonly Row[]): number[] {
  let best: number[] = [];
  for (let cuts = 0; cuts < 2 ** (rows.length - 1); cuts++) {
    const blocks: Row[][] = [[]];
    for (const [i, row] of rows.entries()) {
      blocks.at(-1)!.push(row);
      if (i < rows.length - 1 && (cuts >> i) & 1) blocks.push([]);
    }
    const means = blocks.map((b) => b.reduce((s, r) => s + r[0], 0) / b.reduce((s, r) => s + r[1], 0));
    if (means.some((m, i) => i > 0 && m > means[i - 1]! + 1e-12)) continue;
    const fit = blocks.flatMap((b, i) => b.map(() => means[i]!));
    if (best.length === 0 || squares(fit, rows) < squares(best, rows)) best = fit;
  }
  return best;
}

const row = fc.integer({ min: 1, max: 12 }).chain((n) => fc.tuple(fc.integer({ min: 0, max: n }), fc.constant(n)));

describe('nonIncreasingFit', () => {
  it('is the least-squares fit among all that never rise', () => {
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 8 }), (rows) => {
        const fit = nonIncreasingFit(
          rows.map((r) => r[0]),
          rows.map((r) => r[1]),
        );
        for (const [i, expected] of byEnumeration(rows).entries()) expect(fit[i]).toBeCloseTo(expected, 10);
      }),
      { numRuns: 300 },
    );
  });

  it('leaves out points without trials', () => {
    expect(nonIncreasingFit([0, 1, 0, 5], [0, 4, 0, 10])).toEqual([null, 6 / 14, null, 6 / 14]);
    expect(nonIncreasingFit([Number.NaN, 1], [3, 2])).toEqual([null, 0.5]);
    expect(nonIncreasingFit([], [])).toEqual([]);
  });

  it('is linear: a long rising sequence is one pool', () => {
    const length = 100_000;
    const bad = Array.from({ length }, (_, i) => i);
    const fit = nonIncreasingFit(bad, new Array<number>(length).fill(length));
    expect(new Set(fit).size).toBe(1);
    expect(fit[0]).toBeCloseTo((length - 1) / (2 * length), 12);
  });
});
