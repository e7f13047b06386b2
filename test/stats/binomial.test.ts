import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binomialLower, binomialTailAtLeast, binomialUpper, zeroFailureN } from '../../src/stats/binomial.js';
import { logBinomialTerm } from '../../src/stats/log-binomial.js';

/** P(X ≥ k) the slow way, for small n only. */
function tailBySum(k: number, n: number, p: number): number {
  let sum = 0;
  for (let i = Math.max(0, k); i <= n; i++) {
    let term = 1;
    for (let j = 1; j <= i; j++) term *= (n - i + j) / j;
    sum += term * p ** i * (1 - p) ** (n - i);
  }
  return sum;
}

const counts = fc
  .tuple(fc.integer({ min: 1, max: 1_000_000_000 }), fc.double({ min: 0, max: 1, noNaN: true }))
  .map(([n, share]) => ({ n, k: Math.min(n, 1_000_000, Math.floor(n * share ** 4)) }));
const alpha = fc.constantFrom(0.1, 0.05, 0.025, 0.01, 0.001, 1e-6);

describe('binomialTailAtLeast', () => {
  it('is the sum of the terms', () => {
    const input = fc.tuple(
      fc.integer({ min: 0, max: 40 }),
      fc.integer({ min: 1, max: 40 }),
      fc.double({ min: 0.001, max: 0.999, noNaN: true }),
    );
    fc.assert(
      fc.property(input, ([k, n, p]) => {
        const expected = k > n ? 0 : tailBySum(k, n, p);
        expect(Math.abs(binomialTailAtLeast(k, n, p) - expected)).toBeLessThanOrEqual(1e-11 * Math.max(expected, 1e-3));
      }),
    );
  });

  it('is certain at both ends, and never where the probability is no number', () => {
    for (const p of [0, -1, Number.NaN]) expect(binomialTailAtLeast(1, 10, p)).toBe(0);
    for (const p of [1, 1.5, 2]) expect(binomialTailAtLeast(10, 10, p)).toBe(1);
    expect(binomialTailAtLeast(0, 10, Number.NaN)).toBe(1);
  });

  it('keeps its relative accuracy far out in the tail', () => {
    // Far below the rounding of 1 − x: it must come from a sum of its own terms.
    expect(binomialTailAtLeast(20, 1000, 0.001)).toBeLessThan(1e-16);
    expect(binomialTailAtLeast(20, 1000, 0.001) / tailBySumOfLogs(20, 1000, 0.001)).toBeCloseTo(1, 10);
  });
});

function tailBySumOfLogs(k: number, n: number, p: number): number {
  let sum = 0;
  for (let i = n; i >= k; i--) {
    let log = i * Math.log(p) + (n - i) * Math.log1p(-p);
    for (let j = 1; j <= i; j++) log += Math.log((n - i + j) / j);
    sum += Math.exp(log);
  }
  return sum;
}

/** n over k, exactly. */
function choose(n: number, k: number): bigint {
  let product = 1n;
  for (let i = 1; i <= k; i++) product = (product * BigInt(n - k + i)) / BigInt(i);
  return product;
}

describe('logBinomialTerm', () => {
  it('is exact to the last digits on both sides of where the series begins', () => {
    for (let k = 1; k <= 40; k++) {
      for (const n of [k + 1, k + 3, 2 * k, 3 * k]) {
        if (n <= k) continue;
        // A fraction of whole numbers, the larger ones within a double's range.
        const exact = Math.log(Number(choose(n, k))) - n * Math.LN2;
        expect(Math.abs(logBinomialTerm(k, n, 0.5) - exact), `${k} of ${n}`).toBeLessThan(1e-15 * (4 + n));
      }
    }
  });

  it('loses nothing near the mean of a billion', () => {
    const n = 1_000_000_000;
    for (const [k, p] of [
      [500_000_000, 0.5],
      [499_990_000, 0.5],
      [10_000_000, 0.01],
      [9_998_765, 0.01],
    ] as const) {
      const ratio = Math.log(((n - k) / (k + 1)) * (p / (1 - p)));
      expect(Math.abs(logBinomialTerm(k + 1, n, p) - logBinomialTerm(k, n, p) - ratio), `${k}`).toBeLessThan(1e-11);
    }
  });
});

describe('Clopper–Pearson bounds', () => {
  it('enclose k/n and are the roots of their definitions', () => {
    fc.assert(
      fc.property(counts, alpha, ({ k, n }, a) => {
        const [lower, upper] = [binomialLower(k, n, a), binomialUpper(k, n, a)];
        expect(lower).toBeLessThanOrEqual(k / n);
        expect(upper).toBeGreaterThanOrEqual(k / n);
        if (k > 0 && k < n) {
          expect(binomialTailAtLeast(k, n, lower) / a).toBeCloseTo(1, 4);
          expect((1 - binomialTailAtLeast(k + 1, n, upper)) / a).toBeCloseTo(1, a < 1e-3 ? 2 : 4);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('grow with k, fall with n, and widen with confidence', () => {
    fc.assert(
      fc.property(counts, ({ k, n }) => {
        const upper = binomialUpper(k, n, 0.05);
        const lower = binomialLower(k, n, 0.05);
        expect(binomialUpper(Math.min(n, k + 1), n, 0.05)).toBeGreaterThanOrEqual(upper);
        expect(binomialUpper(k, n + 1, 0.05)).toBeLessThanOrEqual(upper);
        expect(binomialUpper(k, n, 0.01)).toBeGreaterThanOrEqual(upper);
        expect(binomialLower(Math.min(n, k + 1), n, 0.05)).toBeGreaterThanOrEqual(lower);
        expect(binomialLower(k, n, 0.01)).toBeLessThanOrEqual(lower);
      }),
      { numRuns: 60 },
    );
  });

  it('mirror each other', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 0, max: 500 }), alpha, (k, rest, a) => {
        expect(binomialLower(k, k + rest, a)).toBeCloseTo(1 - binomialUpper(rest, k + rest, a), 11);
      }),
      { numRuns: 60 },
    );
  });

  it('are never NaN and within [0, 1], whatever comes in', () => {
    const any = fc.oneof(
      fc.integer({ min: -5, max: 2_000_000_000 }),
      fc.double(),
      fc.constantFrom(Number.NaN, Infinity, -Infinity),
    );
    const level = fc.oneof(fc.double({ min: 0, max: 1 }), fc.constantFrom(Number.NaN, -1, 0, 1, 2, 1e-300, 1 - 1e-16));
    fc.assert(
      fc.property(any, fc.integer({ min: -5, max: 2_000_000_000 }), level, (k, n, a) => {
        for (const bound of [binomialUpper(k, n, a), binomialLower(k, n, a)]) {
          expect(bound).toBeGreaterThanOrEqual(0);
          expect(bound).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('know nothing without trials', () => {
    expect([binomialUpper(0, 0, 0.05), binomialLower(0, 0, 0.05)]).toEqual([1, 0]);
    expect([binomialUpper(3, Number.NaN, 0.05), binomialUpper(Number.NaN, 100, 0.05)]).toEqual([1, 1]);
  });

  it('match the figures printed in the specification', () => {
    expect(binomialUpper(3, 300, 0.05)).toBeCloseTo(0.0256414, 7);
    expect(binomialUpper(10, 3000, 0.05)).toBeCloseTo(0.00564751, 8);
    expect(binomialUpper(10, 30_000, 0.05)).toBeCloseTo(5.65342e-4, 9);
  });

  it('reach a billion trials and a million failures in bounded time', () => {
    // Normal approximation with continuity correction: z = 1.6448536.
    const [k, n] = [1_000_000, 1_000_000_000];
    const upper = binomialUpper(k, n, 0.05);
    expect(upper / ((k + 0.5 + 1.6448536 * Math.sqrt(k + 0.5)) / n)).toBeCloseTo(1, 5);
    expect(binomialLower(k, n, 0.05) / ((k - 0.5 - 1.6448536 * Math.sqrt(k - 0.5)) / n)).toBeCloseTo(1, 5);
  });
});

describe('zeroFailureN', () => {
  it('is the least n whose bound is within p', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 0.9, noNaN: true }), alpha, (p, a) => {
        const n = zeroFailureN(p, a);
        expect(binomialUpper(0, n, a)).toBeLessThanOrEqual(p * (1 + 1e-9));
        if (n > 1) expect(binomialUpper(0, n - 1, a)).toBeGreaterThan(p * (1 - 1e-9));
      }),
    );
  });
  it('never ends where nothing can be proven', () => {
    expect(zeroFailureN(0, 0.05)).toBe(Number.POSITIVE_INFINITY);
    expect(zeroFailureN(Number.NaN, 0.05)).toBe(Number.POSITIVE_INFINITY);
    expect(zeroFailureN(1, 0.05)).toBe(1);
  });
});

describe('the bounds at levels nobody should use', () => {
  it('stay bounds: nothing is known at α = 0, anything goes from α = 1 on', () => {
    for (const k of [0, 3, 10]) {
      expect(binomialUpper(k, 10, 0)).toBe(1);
      expect(binomialLower(k, 10, 0)).toBe(0);
      expect(binomialLower(k, 10, 1.5)).toBe(k === 0 ? 0 : 1);
      expect(binomialUpper(k, 10, 1.5)).toBe(k === 10 ? 1 : 0);
    }
  });

  it('solve their equation on the far side of k/n too, where α is near 1', () => {
    const upper = binomialUpper(5, 10, 0.9);
    expect(upper).toBeLessThan(0.5);
    expect(1 - binomialTailAtLeast(6, 10, upper)).toBeCloseTo(0.9, 9);
    const lower = binomialLower(5, 10, 0.9);
    expect(lower).toBeGreaterThan(0.5);
    expect(binomialTailAtLeast(5, 10, lower)).toBeCloseTo(0.9, 9);
  });
});
