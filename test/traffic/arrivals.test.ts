import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arrivalPlan, inFlightCap, LANE_CODE } from '../../src/traffic/arrivals.js';

const long = { ratePerSecond: 4, path: '/slow?ms={ms}', minHoldMs: 1000, maxHoldMs: 3000 };
const seeds = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

function plan(seed: number, ratePerSecond = 100, withLong = false, newWeight = 1, reuseWeight = 1) {
  return arrivalPlan({ ratePerSecond, seed, lanes: { newWeight, reuseWeight, long: withLong ? long : null } });
}

describe('arrivalPlan', () => {
  it('puts arrival k into slot k, so that the rate is exact and gaps stay below 2/λ', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 20_000 }), fc.nat(1_000_000), (seed, rate, from) => {
        const { dueMs } = plan(seed, rate);
        const slot = 1000 / rate;
        for (let k = from; k < from + 50; k++) {
          expect(dueMs(k)).toBeGreaterThanOrEqual(k * slot);
          expect(dueMs(k)).toBeLessThan((k + 1) * slot * (1 + 1e-12));
          const gap = dueMs(k + 1) - dueMs(k);
          expect(gap).toBeGreaterThanOrEqual(0);
          expect(gap).toBeLessThan(2 * slot * (1 + 1e-9));
        }
      }),
    );
  });

  it('depends on (seed, k) alone and not on the order of asking', () => {
    fc.assert(
      fc.property(seeds, fc.array(fc.nat(100_000), { minLength: 1, maxLength: 30 }), (seed, ks) => {
        const all = (order: number[]) => {
          const p = plan(seed, 300, true);
          return new Map(order.map((k) => [k, [p.dueMs(k), p.lane(k), p.holdMs(k)].join()]));
        };
        const there = all(ks);
        const back = all([...ks].reverse());
        for (const k of ks) expect(back.get(k)).toBe(there.get(k));
      }),
    );
  });

  it('jitters uniformly: mean ½ and variance 1/12 of a slot, other numbers for another seed', () => {
    for (const seed of [0, 1, 2, 12_345, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
      const { dueMs } = plan(seed, 1000);
      const u = Array.from({ length: 20_000 }, (_, k) => dueMs(k) - k);
      const mean = u.reduce((a, b) => a + b) / u.length;
      const variance = u.reduce((a, b) => a + (b - mean) ** 2, 0) / u.length;
      expect(Math.abs(mean - 0.5), `seed ${seed}`).toBeLessThan(0.01);
      expect(Math.abs(variance - 1 / 12), `seed ${seed}`).toBeLessThan(0.004);
    }
    expect(plan(1).dueMs(7)).not.toBe(plan(2).dueMs(7));
    expect(plan(1).dueMs(7)).not.toBe(plan(1 + 2 ** 32).dueMs(7));
  });

  it('draws lane h2 by its weight, and without it exactly what it drew before there was one', () => {
    const lanes = { newWeight: 1, reuseWeight: 2, long };
    const before = arrivalPlan({ ratePerSecond: 96, seed: 7, lanes });
    const none = arrivalPlan({ ratePerSecond: 96, seed: 7, lanes: { ...lanes, h2Weight: 0 } });
    const some = arrivalPlan({ ratePerSecond: 96, seed: 7, lanes: { ...lanes, h2Weight: 3 } });
    const counts = [0, 0, 0, 0];
    const n = 60_000;
    for (let k = 0; k < n; k++) {
      expect(none.lane(k)).toBe(before.lane(k));
      counts[some.lane(k)]!++;
      if (before.lane(k) === LANE_CODE.long) expect(some.lane(k)).toBe(LANE_CODE.long);
    }
    expect(before.lane(0)).not.toBe(LANE_CODE.h2);
    for (const [code, share] of [
      [LANE_CODE.new, 0.16],
      [LANE_CODE.reuse, 0.32],
      [LANE_CODE.long, 0.04],
      [LANE_CODE.h2, 0.48],
    ] as const)
      expect(Math.abs(counts[code]! / n - share)).toBeLessThan(0.01);
    const only = arrivalPlan({
      ratePerSecond: 96,
      seed: 7,
      lanes: { newWeight: 0, reuseWeight: 0, h2Weight: 1, long: null },
    });
    for (let k = 0; k < 1000; k++) expect(only.lane(k)).toBe(LANE_CODE.h2);
  });

  it('draws lanes by weight: P(long) = its share of λ, the rest by newWeight : reuseWeight', () => {
    for (const seed of [1, 7, 99]) {
      const { lane } = plan(seed, 96, true, 1, 3);
      const n = 60_000;
      const counts = [0, 0, 0];
      for (let k = 0; k < n; k++) counts[lane(k)]!++;
      // λ = 100: 4 % long, 24 % new, 72 % reuse; five standard deviations.
      for (const [code, p] of [
        [LANE_CODE.long, 0.04],
        [LANE_CODE.new, 0.24],
        [LANE_CODE.reuse, 0.72],
      ] as const) {
        expect(Math.abs(counts[code]! / n - p), `seed ${seed} lane ${code}`).toBeLessThan(
          5 * Math.sqrt((p * (1 - p)) / n),
        );
      }
    }
  });

  it('draws each lane independently of the one before and of parity, so no round-robin can be in step with it', () => {
    for (const seed of [1, 7, 99, 4_000_000_000]) {
      const { lane, dueMs } = plan(seed);
      const n = 40_000;
      let same = 0;
      let newOnEven = 0;
      let jitterOfNew = 0;
      let news = 0;
      for (let k = 0; k < n; k++) {
        if (lane(k) === lane(k + 1)) same++;
        if (lane(k) !== LANE_CODE.new) continue;
        news++;
        if (k % 2 === 0) newOnEven++;
        jitterOfNew += dueMs(k) / 10 - k;
      }
      const tolerance = 5 * Math.sqrt(0.25 / n);
      expect(Math.abs(same / n - 0.5), `seed ${seed}`).toBeLessThan(tolerance);
      expect(Math.abs(newOnEven / news - 0.5), `seed ${seed}`).toBeLessThan(tolerance * 1.5);
      expect(Math.abs(jitterOfNew / news - 0.5), `seed ${seed}`).toBeLessThan(0.015);
    }
  });

  it('holds long requests for whole ms inside the range, both ends included', () => {
    const holds = arrivalPlan({
      ratePerSecond: 10,
      seed: 3,
      lanes: { newWeight: 1, reuseWeight: 1, long: { ...long, minHoldMs: 5, maxHoldMs: 8 } },
    }).holdMs;
    const seen = new Set(Array.from({ length: 500 }, (_, k) => holds(k)));
    expect([...seen].sort()).toEqual([5, 6, 7, 8]);
  });

  it('takes a long lane alone, and refuses what is no rate', () => {
    const alone = arrivalPlan({ ratePerSecond: 0, seed: 1, lanes: { newWeight: 1, reuseWeight: 1, long } });
    expect(alone.ratePerSecond).toBe(4);
    expect(new Set([0, 1, 2, 3, 4, 5].map(alone.lane))).toEqual(new Set([LANE_CODE.long]));
    for (const rate of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) expect(() => plan(1, rate)).toThrow(RangeError);
    expect(() => plan(1, 10, false, 0, 0)).toThrow(RangeError);
    expect(() => plan(1, 10, false, -1, 2)).toThrow(RangeError);
  });
});

describe('inFlightCap', () => {
  const traffic = {
    ratePerSecond: 100,
    timeoutMs: 2000,
    maxInFlight: null,
    lanes: { newWeight: 1, reuseWeight: 1, long: null },
  };
  it('holds a whole timeout of arrivals, the held requests and slack', () => {
    expect(inFlightCap(traffic)).toBe(260);
    expect(inFlightCap({ ...traffic, lanes: { ...traffic.lanes, long } })).toBe(260 + 10 + 12);
  });
  it('is never below 64 unless it is given', () => {
    expect(inFlightCap({ ...traffic, ratePerSecond: 1 })).toBe(64);
    expect(inFlightCap({ ...traffic, maxInFlight: 3 })).toBe(3);
  });
});
