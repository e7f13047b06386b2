import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mStar, pDetect, smallestDetectableMs } from '../../src/stats/detection.js';

const share = fc.double({ min: 0.01, max: 1, noNaN: true });
const sends = fc.double({ min: 1e-6, max: 60, noNaN: true });

describe('mStar', () => {
  it('has the values of the specification', () => {
    const table = [1 / 2, 1 / 3, 1 / 4, 1 / 10].map((f) => [0.05, 0.01, 0.001].map((a) => mStar(f, a)));
    expect(table).toEqual([
      [5, 7, 10],
      [8, 12, 18],
      [11, 17, 25],
      [29, 44, 66],
    ]);
    expect(mStar(0.5, 0.25)).toBe(2);
    expect(mStar(0, 0.05)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('pDetect', () => {
  it('is never below the Poisson figure, never outside [0, 1], and grows with the fault', () => {
    fc.assert(
      fc.property(share, sends, (f, x) => {
        const poisson = pDetect('poisson', f, 1000, x);
        for (const arrival of ['constant', 'jittered'] as const) {
          const p = pDetect(arrival, f, 1000, x);
          expect(p).toBeGreaterThanOrEqual(poisson - 1e-12);
          expect(p).toBeLessThanOrEqual(1);
          expect(pDetect(arrival, f, 1000, x * 1.1)).toBeGreaterThanOrEqual(p - 1e-12);
        }
      }),
    );
  });

  it('agrees with trying it: jittered arrivals, a fault at every phase', () => {
    // Exact integration over the fault's start by a fine grid; the draw within each slot is uniform.
    const [f, x] = [0.5, 1.6];
    const steps = 4000;
    let miss = 0;
    for (let i = 0; i < steps; i++) {
      const start = (i + 0.5) / steps;
      let spared = 1;
      for (let slot = 0; slot < 4; slot++) {
        const overlap = Math.max(0, Math.min(slot + 1, start + x) - Math.max(slot, start));
        spared *= 1 - f * overlap;
      }
      miss += spared / steps;
    }
    expect(pDetect('jittered', f, 1000, x)).toBeCloseTo(1 - miss, 6);
  });

  it('sees nothing without traffic or fault', () => {
    expect([pDetect('jittered', 0.5, 0, 100), pDetect('constant', 0, 10, 100), pDetect('poisson', 1, 10, -1)]).toEqual([
      0, 0, 0,
    ]);
    expect(pDetect('jittered', 1, 10, Number.POSITIVE_INFINITY)).toBe(1);
  });
});

describe('smallestDetectableMs', () => {
  it('is seen with the confidence asked for', () => {
    fc.assert(
      fc.property(share, fc.double({ min: 1, max: 5000, noNaN: true }), (f, rate) => {
        expect(pDetect('poisson', f, rate, smallestDetectableMs(f, 0.01, rate))).toBeCloseTo(0.99, 9);
      }),
    );
    expect(smallestDetectableMs(0.5, 0.01, 0)).toBe(Number.POSITIVE_INFINITY);
  });
  it('is endless without a share or a rate that is a number above 0, whatever the confidence', () => {
    for (const nothing of [0, -1, Number.NaN]) {
      for (const alpha of [0.05, 1]) {
        expect(smallestDetectableMs(nothing, alpha, 10)).toBe(Number.POSITIVE_INFINITY);
        expect(smallestDetectableMs(0.5, alpha, nothing)).toBe(Number.POSITIVE_INFINITY);
      }
      expect(smallestDetectableMs(0.5, nothing, 10)).toBe(Number.POSITIVE_INFINITY);
    }
  });
});
