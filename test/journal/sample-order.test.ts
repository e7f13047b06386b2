import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { orderOf, putInOrder } from '../../src/journal/sample-order.js';

/** NaN behind everything. */
const byTime = (a: number, b: number): number =>
  Number.isNaN(a) || Number.isNaN(b) ? Number(Number.isNaN(a)) - Number(Number.isNaN(b)) : a - b;

function inOrder(times: readonly number[], sources: readonly number[], seqs: readonly number[]): number[] {
  const scheduledAt = Float64Array.from(times);
  const order = orderOf({ scheduledAt, source: Uint16Array.from(sources), seq: Uint32Array.from(seqs) });
  const rows = Uint32Array.from(times.keys());
  if (order !== null) putInOrder(rows, order);
  return [...rows];
}

describe('the order of rows', () => {
  test('is by time, then source, then number, then as they were, whatever the disorder', () => {
    const time = fc.oneof(fc.integer({ min: 0, max: 30 }), fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY));
    const row = fc.tuple(time, fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 3 }));
    fc.assert(
      fc.property(fc.array(row, { maxLength: 300 }), fc.boolean(), (rows, isOneSource) => {
        const source = (i: number) => (isOneSource ? 0 : rows[i]![1]);
        const expected = [...rows.keys()].sort(
          (a, b) => byTime(rows[a]![0], rows[b]![0]) || source(a) - source(b) || rows[a]![2] - rows[b]![2] || a - b,
        );
        const sources = isOneSource ? [] : rows.map((each) => each[1]);
        const [times, seqs] = [rows.map((each) => each[0]), rows.map((each) => each[2])];
        expect(inOrder(times, sources, seqs)).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  test('is found and kept over many stretches of rows written a little late, one of them very late', () => {
    const count = 200_000;
    const due = Float64Array.from({ length: count }, (_, i) => i);
    // Written in the order they ended: row 7 was held for half of the run.
    const ended = (i: number) => (i === 7 ? count / 2 : i + ((i * 7919) % 50));
    const written = [...due.keys()].sort((a, b) => ended(a) - ended(b) || a - b);
    const times = written.map((i) => due[i]!);
    const order = orderOf({
      scheduledAt: Float64Array.from(times),
      source: new Uint16Array(0),
      seq: new Uint32Array(count),
    });
    for (const column of [Float64Array.from(times), Uint32Array.from(times)]) {
      putInOrder(column, order!);
      expect(column.every((value, i) => value === i)).toBe(true);
    }
  });
});
