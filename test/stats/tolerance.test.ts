import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toleranceBeta, toleranceConfidence, toleranceN } from '../../src/stats/tolerance.js';
import { randomOf } from '../runs/random.js';

const shares = fc.double({ min: 0.01, max: 0.99, noNaN: true });
const ranks = fc.integer({ min: 1, max: 5 });

describe('tolerance by order statistics', () => {
  it('holds for observations drawn at random', () => {
    const seed = 20_260_711;
    const random = randomOf(seed);
    const [n, r, beta, studies] = [12, 2, 0.8, 20_000];
    let covered = 0;
    for (let study = 0; study < studies; study++) {
      const drawn = Float64Array.from({ length: n }, random).sort();
      if (drawn[n - r]! > beta) covered++;
    }
    // Uniform draws: the β-quantile is β itself. 0.011 is over three standard errors.
    expect(Math.abs(covered / studies - toleranceConfidence(n, r, beta)), `seed ${seed}`).toBeLessThan(0.011);
  });

  it('is 1 − β^n for the largest', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), shares, (n, beta) => {
        expect(toleranceConfidence(n, 1, beta)).toBeCloseTo(1 - beta ** n, 12);
      }),
    );
  });

  it('grows with n, falls with the rank and with the quantile', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), ranks, shares, (n, r, beta) => {
        const confidence = toleranceConfidence(n, r, beta);
        const slack = 1e-12;
        expect(toleranceConfidence(n + 1, r, beta)).toBeGreaterThanOrEqual(confidence - slack);
        expect(toleranceConfidence(n, r + 1, beta)).toBeLessThanOrEqual(confidence + slack);
        expect(toleranceConfidence(n, r, beta + 0.01)).toBeLessThanOrEqual(confidence + slack);
      }),
    );
  });

  it('gives the quantile at which the confidence is reached', () => {
    fc.assert(
      fc.property(fc.integer({ min: 5, max: 300 }), ranks, fc.constantFrom(0.5, 0.9, 0.95, 0.99), (n, r, c) => {
        expect(toleranceConfidence(n, r, toleranceBeta(n, c, r))).toBeCloseTo(c, 9);
      }),
    );
  });

  it('asks for the fewest observations that do', () => {
    const wanted = fc.constantFrom(0.5, 0.9, 0.95, 0.99);
    fc.assert(
      fc.property(fc.double({ min: 0.05, max: 0.995, noNaN: true }), wanted, ranks, (beta, c, r) => {
        const n = toleranceN(beta, c, r);
        expect(toleranceConfidence(n, r, beta)).toBeGreaterThanOrEqual(c - 1e-9);
        if (n > r) expect(toleranceConfidence(n - 1, r, beta)).toBeLessThan(c + 1e-9);
      }),
    );
    expect([toleranceN(0.5, 0.75), toleranceN(0.5, 0.5, 2)]).toEqual([2, 3]);
    expect([toleranceN(0.95, 0.95, 2), toleranceN(0.99, 0.95, 2)]).toEqual([93, 473]);
  });

  it('promises nothing where nothing can be shown', () => {
    const any = fc.oneof(fc.double(), fc.constantFrom(0, 1, 2, -1, 0.5));
    fc.assert(
      fc.property(any, any, fc.integer({ min: -2, max: 50 }), (a, b, n) => {
        for (const share of [toleranceConfidence(n, a, b), toleranceBeta(n, a, b)]) {
          expect(share).toBeGreaterThanOrEqual(0);
          expect(share).toBeLessThanOrEqual(1);
        }
        expect(toleranceN(a, b)).toBeGreaterThan(0);
      }),
    );
    expect([toleranceConfidence(1, 2, 0.5), toleranceBeta(0, 0.95), toleranceBeta(5, 1)]).toEqual([0, 0, 0]);
    expect([toleranceN(1, 0.95), toleranceN(0.9, 1, 3)]).toEqual(new Array(2).fill(Number.POSITIVE_INFINITY));
  });
});
