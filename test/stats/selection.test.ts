import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quantileOfSorted, quantiles, quantilesInPlace } from '../../src/stats/quantile.js';
import { selectInPlace } from '../../src/stats/selection.js';

const fewValues = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 60 });
const manyValues = fc.array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 3000 });

describe('selectInPlace', () => {
  it('puts the value of that rank where a sort would, and parts the others around it', () => {
    fc.assert(
      fc.property(fc.oneof(fewValues, manyValues), fc.nat(), (list, seed) => {
        const values = Float64Array.from(list);
        const rank = seed % values.length;
        selectInPlace(values, rank);
        const sorted = Float64Array.from(list).sort();
        expect(values[rank]! + 0).toBe(sorted[rank]! + 0);
        expect([...values].map((v) => v + 0).sort((a, b) => a - b)).toEqual([...sorted].map((v) => v + 0));
        for (let i = 0; i < values.length; i++) {
          if (i < rank ? values[i]! > values[rank]! : values[i]! < values[rank]!) expect.fail(`index ${i} of ${list}`);
        }
      }),
    );
  });

  it('leaves what lies outside its range alone', () => {
    const values = Float64Array.of(9, 5, 4, 3, 0);
    selectInPlace(values, 1, 1, 3);
    expect(values[1]).toBe(3);
    expect([values[0], values[4]]).toEqual([9, 0]);
  });

  it.each([
    ['in order', (i: number) => i],
    ['in reverse', (i: number) => -i],
    ['all equal', () => 7],
    ['up and down', (i: number) => Math.min(i, 20_000 - i)],
    ['a saw', (i: number) => i % 17],
  ])('selects from values that lie %s', (_, valueAt) => {
    for (const rank of [0, 1, 9_999, 19_998, 19_999]) {
      const values = Float64Array.from({ length: 20_000 }, (_unused, i) => valueAt(i));
      const expected = values.slice().sort()[rank];
      selectInPlace(values, rank);
      expect(values[rank]).toBe(expected);
    }
  });
});

describe('quantiles', () => {
  it('are those of the sorted values, whatever the order asked in, NaN left out', () => {
    const qs = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(fc.oneof(fewValues, manyValues), qs, (list, asked) => {
        const values = Float64Array.from([...list, Number.NaN]);
        const before = values.slice();
        const sorted = Float64Array.from(list).sort();
        const expected = asked.map((q) => quantileOfSorted(sorted, q)! + 0);
        expect(quantiles(values, asked).map((v) => v! + 0)).toEqual(expected);
        expect(values).toEqual(before);
        expect(quantilesInPlace(Float64Array.from(list), asked).map((v) => v! + 0)).toEqual(expected);
      }),
    );
  });
});
