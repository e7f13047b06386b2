import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ascending, ascendingOrder, lowerBound, sortByTime, upperBound } from '../../src/stats/ascending.js';
import { excessP, holm } from '../../src/stats/excess.js';
import { Least } from '../../src/stats/extremes.js';
import { quantile, quantiles } from '../../src/stats/quantile.js';
import { quantilesOf } from '../../src/stats/quantiles-of.js';
import { MARK, minWindowRatios } from '../../src/stats/windows.js';
import { randomOf } from '../simulation/random.js';
import { eachOf, excessGaps, largestSpan, minWindowRatio } from './sweeps.js';

const times = fc.array(fc.integer({ min: -20, max: 120 }), { maxLength: 40 });

describe('largestSpan', () => {
  it('is the longest of all spans over m gaps', () => {
    fc.assert(
      fc.property(times, fc.integer({ min: 1, max: 8 }), (list, m) => {
        const inside = list.filter((t) => t >= 0 && t <= 100).sort((a, b) => a - b);
        const points = [0, ...inside, 100];
        const spans = points.slice(m).map((t, i) => t - points[i]!);
        const expected = spans.length === 0 ? 100 : Math.max(...spans);
        expect(largestSpan(list, 0, 100, m)).toBe(expected);
      }),
    );
  });

  it('keeps its promise: any longer interval holds at least m sends', () => {
    const start = fc.double({ min: 0, max: 100, noNaN: true });
    fc.assert(
      fc.property(times, fc.integer({ min: 1, max: 5 }), start, (list, m, from) => {
        const d = largestSpan(list, 0, 100, m);
        const to = from + d + 1e-6;
        fc.pre(to <= 100);
        expect(list.filter((t) => t >= from && t <= to).length).toBeGreaterThanOrEqual(m);
      }),
    );
  });

  it('passes over NaN, and proves nothing with too few', () => {
    const sends = [20, 60, Number.NaN];
    expect(largestSpan(sends, 0, 100, 1)).toBe(40);
    expect(largestSpan(sends, 0, 100, Number.POSITIVE_INFINITY)).toBe(100);
    expect(largestSpan(sends, 100, 0, 1)).toBe(0);
  });
});

describe('excessGaps', () => {
  it('adds up what gaps exceed the allowance by', () => {
    expect(excessGaps([-5, 30, 40, 200], 0, 100, 10)).toBe(20 + 0 + 50);
    expect(excessGaps([], 0, 100, 10)).toBe(90);
    expect(excessGaps([10, 20], 0, 25, 10)).toBe(0);
  });
});

describe('minWindowRatio', () => {
  const arrivals = fc.array(fc.tuple(fc.integer({ min: -10, max: 110 }), fc.integer({ min: 0, max: 1 })), {
    maxLength: 40,
  });
  it('is the least ratio over every window', () => {
    fc.assert(
      fc.property(arrivals, fc.integer({ min: 1, max: 120 }), (list, w) => {
        const ratios = [0, ...list.map(([t]) => t)]
          .filter((t) => t >= 0 && t + w <= 100)
          .map((t) => list.filter(([at]) => at >= t && at < t + w))
          .filter((inside) => inside.length > 0)
          .map((inside) => inside.filter(([, good]) => good === 1).length / inside.length);
        const expected = ratios.length === 0 ? null : Math.min(...ratios);
        const sorted = [...list].sort((a, b) => a[0] - b[0]);
        for (const order of [list, sorted]) {
          const [at, good] = [order.map(([t]) => t), order.map(([, each]) => each)];
          expect(minWindowRatio(at, good, w, 0, 100)).toBe(expected);
        }
      }),
    );
  });
  it('is for each of several lengths what it is for that length alone', () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 120 }), { minLength: 2, maxLength: 4 });
    fc.assert(
      fc.property(arrivals, lengths, (list, windows) => {
        const [at, good] = [list.map(([t]) => t), list.map(([, each]) => each)];
        const marks = Uint8Array.from(good, (each) => (each === 0 ? MARK.bad : MARK.good));
        expect(minWindowRatios(Float64Array.from(at), marks, windows, 0, 100)).toEqual(
          windows.map((w) => minWindowRatio(at, good, w, 0, 100)),
        );
      }),
    );
  });
  it('is as if what does not count were not there', () => {
    const marked = fc.array(fc.tuple(fc.integer({ min: -10, max: 110 }), fc.integer({ min: 0, max: 2 })), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(marked, fc.integer({ min: 1, max: 120 }), (list, w) => {
        const ratios = (some: typeof list) =>
          minWindowRatios(
            Float64Array.from(some, ([at]) => at),
            Uint8Array.from(some, ([, mark]) => mark),
            [w, 100],
            0,
            100,
          );
        expect(ratios(list)).toEqual(ratios(list.filter(([, mark]) => mark !== MARK.none)));
      }),
    );
  });
  it('is the same over thousands of arrivals, most of which cannot begin the worst window', () => {
    const many = fc.record({
      rows: fc.integer({ min: 200, max: 2000 }),
      seed: fc.integer(),
      badOf: fc.integer({ min: 2, max: 300 }),
      step: fc.constantFrom(0, 1, 3),
      windowMs: fc.integer({ min: 1, max: 900 }),
    });
    fc.assert(
      fc.property(many, ({ rows, seed, badOf, step, windowMs }) => {
        const random = randomOf(seed, 'windows', 0);
        const times = Float64Array.from({ length: rows }, () => Math.floor(random() * rows * step) / 2).sort();
        const markOf = () => (random() < 0.3 ? MARK.none : random() * badOf < 1 ? MARK.bad : MARK.good);
        const marks = Uint8Array.from({ length: rows }, markOf);
        const to = times.at(-1)! - 5;
        let worst: number | null = null;
        for (const start of [10, ...times.filter((at, i) => at >= 10 && marks[i] !== MARK.none)]) {
          if (start + windowMs > to) continue;
          let [all, good] = [0, 0];
          for (let i = lowerBound(times, start); i < rows && times[i]! < start + windowMs; i++) {
            all += marks[i] === MARK.none ? 0 : 1;
            good += marks[i] === MARK.good ? 1 : 0;
          }
          if (all > 0 && (worst === null || good / all < worst)) worst = good / all;
        }
        expect(minWindowRatios(times, marks, [windowMs], 10, to)).toEqual([worst]);
      }),
    );
  });
  describe('in blocks of 256', () => {
    /** All good but the rows named. */
    const lowest = (times: readonly number[], bad: readonly number[], from: number) => {
      const marks = Uint8Array.from(times, (_, row) => (bad.includes(row) ? MARK.bad : MARK.good));
      return minWindowRatios(Float64Array.from(times), marks, [10], from, 5000)[0];
    };
    const rows = (count: number, timeOf: (row: number) => number) => Array.from({ length: count }, (_, i) => timeOf(i));

    it('the last row of a block may begin the worst window, which ends two blocks on', () => {
      const times = [
        ...rows(255, (i) => i / 1000),
        9.99,
        ...rows(256, () => 10),
        11,
        11,
        11,
        ...rows(2000, () => 19.995),
      ];
      expect(lowest(times, [512, 513, 514], 0)).toBe(257 / 260);
    });

    it('a window is not taken for as long as the block it ends in', () => {
      const before = [-100, -100, ...rows(254, (i) => -50 + i / 1000)];
      const times = [...before, ...rows(253, (i) => i / 1000), 9, 9.1, 9.2, 9.3, ...rows(255, (i) => 100 + i / 1000)];
      expect(lowest(times, [0, 509, 510, 511], -100)).toBe(0.25);
    });

    it('the first two arrivals at one instant are one window', () => {
      expect(lowest([5, 5, 20], [1], 5)).toBe(0.5);
      expect(lowest([5, 5, 5, 20], [1, 2], 5)).toBe(1 / 3);
    });
  });
  it('finds room for a window as long as a span of fractions', () => {
    const [from, to] = [0.1, 0.7 + 9.3];
    expect(minWindowRatio([1, 2], [1, 0], to - from, from, to)).toBe(0.5);
  });
});

describe('ascending and its bounds', () => {
  it('sort only when needed and cut at the right place', () => {
    const sorted = Float64Array.of(1, 2, 2, 3);
    expect(ascending(sorted)).toBe(sorted);
    expect([...ascending(Float64Array.of(3, Number.NaN, 1))]).toEqual([1, 3]);
    expect([lowerBound(sorted, 2), upperBound(sorted, 2), lowerBound(sorted, 9), upperBound(sorted, 0)]).toEqual([
      1, 3, 4, 0,
    ]);
  });
});

describe('ascendingOrder', () => {
  it('is a stable sort, for input nearly in order and for input in none', () => {
    const wild = fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 200 });
    const nearly = wild.map((list) => list.map((jitter, i) => i * 10 + jitter));
    fc.assert(
      fc.property(fc.oneof(wild, nearly), (list) => {
        const times = Float64Array.from(list);
        const expected = [...list.keys()].sort((a, b) => list[a]! - list[b]! || a - b);
        expect([...(ascendingOrder(times) ?? list.keys())]).toEqual(expected);
        expect([...times]).toEqual(list);
        expect([...ascending(times)]).toEqual(expected.map((i) => list[i]));
      }),
    );
  });
});

describe('sortByTime', () => {
  it('sorts some of the indexes, whatever stands between them', () => {
    fc.assert(
      fc.property(times, fc.infiniteStream(fc.boolean()), (list, chosen) => {
        const some = [...list.keys()].filter(() => chosen.next().value);
        const indexes = Uint32Array.from(some);
        sortByTime(indexes, (index) => list[index]!);
        expect([...indexes]).toEqual(some.sort((a, b) => list[a]! - list[b]! || a - b));
      }),
    );
  });
});

describe('Least', () => {
  it('knows the m-th smallest of a series, and that there were fewer', () => {
    fc.assert(
      fc.property(times, fc.integer({ min: 1, max: 8 }), (list, m) => {
        const least = new Least(m);
        for (const value of list) least.add(value);
        expect(least.count).toBe(list.length);
        expect(least.last).toBe([...list].sort((a, b) => a - b)[m - 1] ?? null);
      }),
    );
  });
});

describe('quantiles', () => {
  it('are values that occurred, the least that q of them do not exceed', () => {
    const values = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (list, q) => {
        const found = quantile(Float64Array.from(list), q)!;
        expect(list).toContain(found);
        expect(list.filter((v) => v <= found).length / list.length).toBeGreaterThanOrEqual(q - 1e-9);
        expect(list.filter((v) => v < found).length / list.length).toBeLessThanOrEqual(q + 1e-9);
      }),
    );
  });
  it('are null without values and pass over NaN', () => {
    expect(quantiles(new Float64Array(), [0.5, 0.99])).toEqual([null, null]);
    expect(quantiles(Float64Array.of(Number.NaN, 4, 2), [0, 0.5, 1])).toEqual([2, 2, 4]);
  });
});

describe('quantilesOf', () => {
  const qs = [0, 0.3, 0.5, 0.99, 0.999, 1];
  it('are those of a sort, of few values and of many', () => {
    const value = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer({ min: -3, max: 3 }),
      fc.constant(Number.NaN),
    );
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 50 }), fc.nat(3), fc.nat(999), (list, times, seed) => {
        // The same values over and over, and some beside each: more than are simply kept.
        const many = list.flatMap((each) =>
          // Plus 0: a negative zero is a zero.
          Array.from({ length: 1 + times * 300 }, (_, i) => each * (1 + ((i * 7919 + seed) % 1000) / 100_000) + 0),
        );
        const { count, quantiles: found } = quantilesOf(eachOf(many), qs, 1000);
        expect(count).toBe(many.filter((each) => !Number.isNaN(each)).length);
        expect(found).toEqual(quantiles(Float64Array.from(many), qs));
      }),
      { numRuns: 30 },
    );
  });
  it('are those of a sort where all values are alike', () => {
    const { quantiles: found } = quantilesOf(eachOf(new Float64Array(4000)), qs, 1000);
    expect(found).toEqual(qs.map(() => 0));
    expect(quantilesOf(eachOf([]), [0.5])).toEqual({ count: 0, quantiles: [null] });
  });
});

describe('excessP and holm', () => {
  it('is the chance of a fair coin with equal exposure and no failures before', () => {
    expect(excessP(5, 1000, 0, 1000)).toBeCloseTo(1 / 32, 12);
    expect(excessP(0, 0, 0, 0)).toBe(1);
    expect(excessP(0, 10, 0, 0)).toBe(1);
    // Without a baseline nothing excuses a failure.
    expect(excessP(1, 10, 0, 0)).toBe(0);
  });
  it('falls with failures in the phase and rises with failures before it', () => {
    const count = fc.integer({ min: 0, max: 50 });
    fc.assert(
      fc.property(count, count, (k1, k0) => {
        const p = excessP(k1, 5000, k0, 3000);
        expect(excessP(k1 + 1, 5000, k0, 3000)).toBeLessThanOrEqual(p + 1e-12);
        expect(excessP(k1, 5000, k0 + 1, 3000)).toBeGreaterThanOrEqual(p - 1e-12);
      }),
    );
  });
  it('never lowers a p-value, never exceeds 1, and keeps the order', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 }), (ps) => {
        const adjusted = holm(ps);
        for (const [i, p] of ps.entries()) {
          expect(adjusted[i]).toBeGreaterThanOrEqual(p);
          expect(adjusted[i]).toBeLessThanOrEqual(1);
          for (const [j, q] of ps.entries()) if (p <= q) expect(adjusted[i]).toBeLessThanOrEqual(adjusted[j]!);
        }
      }),
    );
  });
});
