import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binomialLower, binomialUpper } from '../../src/stats/binomial.js';
import { poissonLower, poissonUpper } from '../../src/stats/poisson.js';

/** P(X ≤ k) the slow way, for small counts only. */
function atMostBySum(k: number, mean: number): number {
  let term = Math.exp(-mean);
  let sum = term;
  for (let j = 1; j <= k; j++) sum += term *= mean / j;
  return sum;
}

/** P(X ≥ k) the slow way: from its largest term on, so that nothing cancels. */
function atLeastBySum(k: number, mean: number): number {
  let term = Math.exp(-mean);
  for (let j = 1; j <= k; j++) term *= mean / j;
  let sum = 0;
  for (let j = k; j < k + 400; term *= mean / ++j) sum += term;
  return sum;
}

const alpha = fc.constantFrom(0.3, 0.1, 0.05, 0.01, 0.001);

describe('Poisson bounds', () => {
  it('are the roots of their definitions, on both sides of the count', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 120 }), fc.constantFrom(0.99, 0.7, 0.3, 0.05, 0.01), (k, a) => {
        expect(atMostBySum(k, poissonUpper(k, a)) / a).toBeCloseTo(1, 9);
        expect((1 - atMostBySum(k - 1, poissonLower(k, a))) / a).toBeCloseTo(1, 9);
      }),
    );
  });

  it('are so to the last digits where factorials are no longer multiplied out', () => {
    for (const k of [63, 64, 65, 66, 80, 150]) {
      expect(Math.abs(atMostBySum(k, poissonUpper(k, 0.05)) / 0.05 - 1), `${k}`).toBeLessThan(3e-12);
      expect(Math.abs(atLeastBySum(k, poissonLower(k, 0.05)) / 0.05 - 1), `${k}`).toBeLessThan(3e-12);
    }
  });

  it('meet in the middle, at a billion too: P(X ≤ k) and P(X ≥ k + 1) are one half at the same mean', () => {
    for (const k of [10, 1e4, 1e9 - 1]) {
      const apart = poissonUpper(k, 0.5) - poissonLower(k + 1, 0.5);
      expect(Math.abs(apart) / Math.sqrt(k), `${k}`).toBeLessThan(1e-9);
    }
  });

  it('take a fraction of an event for the count that bounds more', () => {
    expect(poissonUpper(2.5, 0.05)).toBe(poissonUpper(3, 0.05));
    expect(poissonLower(2.5, 0.05)).toBe(poissonLower(2, 0.05));
  });

  it('are so far out in the tail too, where one less the rest would be noise', () => {
    for (const k of [2, 5, 40]) {
      for (const a of [1e-9, 1e-15]) {
        expect(atMostBySum(k, poissonUpper(k, a)) / a).toBeCloseTo(1, 9);
        expect(atLeastBySum(k, poissonLower(k, a)) / a).toBeCloseTo(1, 9);
      }
    }
  });

  it('reach a billion and stop there, and know levels nobody should use', () => {
    const z = 1.6448536;
    expect((poissonUpper(1e9, 0.05) - 1e9) / (z * Math.sqrt(1e9))).toBeCloseTo(1, 3);
    expect((1e9 - poissonLower(1e9, 0.05)) / (z * Math.sqrt(1e9))).toBeCloseTo(1, 3);
    expect([poissonUpper(1e9 + 1, 0.05), poissonLower(1e9 + 1, 0.05)]).toEqual([Number.POSITIVE_INFINITY, 0]);
    for (const a of [1, 1.5, 2.5]) {
      expect([poissonUpper(2, a), poissonLower(2, a)]).toEqual([0, Number.POSITIVE_INFINITY]);
      expect([poissonUpper(0, a), poissonLower(1, a)]).toEqual([0, Number.POSITIVE_INFINITY]);
    }
    for (const a of [0, -1, Number.NaN]) {
      expect([poissonLower(1, a), poissonLower(2, a)]).toEqual([0, 0]);
      expect([poissonUpper(0, a), poissonUpper(2, a)]).toEqual([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
    }
  });

  it('grow with the count, widen with the confidence, and enclose the count', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000 }), alpha, (k, a) => {
        const [lower, upper] = [poissonLower(k, a), poissonUpper(k, a)];
        expect(lower).toBeLessThanOrEqual(k);
        expect(upper).toBeGreaterThan(k);
        expect(poissonUpper(k + 1, a)).toBeGreaterThan(upper);
        expect(poissonLower(k + 1, a)).toBeGreaterThan(lower);
        expect(poissonUpper(k, a / 2)).toBeGreaterThan(upper);
        expect(poissonLower(k, a / 2)).toBeLessThanOrEqual(lower);
      }),
      { numRuns: 60 },
    );
  });

  it('are the limit of the binomial ones, where factorials are multiplied out and where they are not', () => {
    const n = 1_000_000_000;
    for (const k of [1, 2, 63, 64, 65, 66, 1000]) {
      expect((binomialUpper(k, n, 0.05) * n) / poissonUpper(k, 0.05)).toBeCloseTo(1, 5);
      expect((binomialLower(k, n, 0.05) * n) / poissonLower(k, 0.05)).toBeCloseTo(1, 5);
    }
    expect(poissonUpper(65, 0.05) - poissonUpper(64, 0.05)).toBeCloseTo(
      poissonUpper(64, 0.05) - poissonUpper(63, 0.05),
      2,
    );
  });

  it('are never NaN, and know nothing where nothing is known', () => {
    const any = fc.oneof(fc.double(), fc.integer({ min: -5, max: 100_000 }), fc.constantFrom(Number.NaN, 1e300));
    fc.assert(
      fc.property(any, fc.oneof(fc.double(), fc.double({ min: 0, max: 1 })), (k, a) => {
        expect(poissonUpper(k, a)).toBeGreaterThanOrEqual(0);
        expect(poissonLower(k, a)).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 300 },
    );
    expect([poissonUpper(Number.NaN, 0.05), poissonUpper(2, 0), poissonUpper(2, Number.NaN)]).toEqual(
      new Array(3).fill(Number.POSITIVE_INFINITY),
    );
    expect([poissonLower(Number.NaN, 0.05), poissonLower(2, 0), poissonLower(0, 0.05)]).toEqual([0, 0, 0]);
  });
});
