import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mcnemarP } from '../../src/stats/mcnemar.js';

/** Share of all ways the pairs could have fallen that are at least as one-sided as this one. */
function byEnumeration(b: number, c: number): number {
  const n = b + c;
  let asExtreme = 0;
  for (let way = 0; way < 2 ** n; way++) {
    let first = 0;
    for (let pair = 0; pair < n; pair++) first += (way >> pair) & 1;
    if (Math.abs(2 * first - n) >= Math.abs(b - c)) asExtreme++;
  }
  return asExtreme / 2 ** n;
}

describe('mcnemarP', () => {
  it('is the share of outcomes at least as one-sided', () => {
    for (let b = 0; b <= 6; b++) {
      for (let c = 0; c <= 6; c++) expect(mcnemarP(b, c), `${b} against ${c}`).toBeCloseTo(byEnumeration(b, c), 12);
    }
  });

  it('does not care which comes first, falls with every pair of the same side, and stays within (0, 1]', () => {
    const pairs = fc.integer({ min: 0, max: 500 });
    fc.assert(
      fc.property(pairs, pairs, (b, c) => {
        const p = mcnemarP(b, c);
        expect(mcnemarP(c, b)).toBe(p);
        expect(p).toBeGreaterThan(0);
        expect(p).toBeLessThanOrEqual(1);
        if (b >= c) expect(mcnemarP(b + 1, c)).toBeLessThanOrEqual(p);
      }),
    );
    expect(mcnemarP(Number.NaN, 3)).toBe(1);
  });
});
