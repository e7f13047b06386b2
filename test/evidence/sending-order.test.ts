import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnOf } from '../../src/domain/column.js';
import { rowsAround, rowsBySending, sendsInOrder } from '../../src/evidence/sending-order.js';

const due = fc.array(fc.integer({ min: 0, max: 1000 }), { maxLength: 60 });
const late = fc.infiniteStream(fc.oneof(fc.integer({ min: -5, max: 40 }), fc.constant(Number.NaN)));

/** Rows in the order they were due, or in none. */
const tables = fc.tuple(due, late, fc.boolean()).map(([list, stream, isSorted]) => {
  const scheduledAt = Float64Array.from(list);
  if (isSorted) scheduledAt.sort();
  return { scheduledAt, sentAt: scheduledAt.map((at) => at + stream.next().value) };
});

describe('rowsBySending', () => {
  it('are the rows that were sent, by when, then by row', () => {
    fc.assert(
      fc.property(tables, ({ sentAt }) => {
        const sent = [...sentAt.keys()].filter((row) => !Number.isNaN(sentAt[row]));
        expect([...rowsBySending(columnOf(sentAt))]).toEqual(sent.sort((a, b) => sentAt[a]! - sentAt[b]! || a - b));
      }),
    );
  });
});

describe('sendsInOrder', () => {
  const sends = (scheduledAt: Float64Array, sentAt: Float64Array, isWanted: (row: number) => boolean) => {
    const seen: number[] = [];
    sendsInOrder({ scheduledAt, sentAt: columnOf(sentAt) }, isWanted, (some) => seen.push(...some));
    return seen;
  };
  const sorted = (sentAt: Float64Array, isWanted: (row: number) => boolean) =>
    [...sentAt].filter((at, row) => isWanted(row) && !Number.isNaN(at)).sort((a, b) => a - b);

  it('are the sends of the rows asked for, ascending', () => {
    fc.assert(
      fc.property(tables, fc.integer({ min: 1, max: 3 }), ({ scheduledAt, sentAt }, every) => {
        const isWanted = (row: number) => row % every === 0;
        expect(sends(scheduledAt, sentAt, isWanted)).toEqual(sorted(sentAt, isWanted));
      }),
    );
  });

  it('are so too where far more were sent than are held at a time', () => {
    const isWanted = (row: number) => row % 7 !== 3;
    for (const [name, lateOf] of Object.entries({
      'a little late': (row: number) => (row * 7919) % 31,
      'one very late': (row: number) => (row === 100 ? 45_000 : (row * 7919) % 31),
      'each later than the next': (row: number) => 2 * (60_000 - row),
    })) {
      const scheduledAt = Float64Array.from({ length: 60_000 }, (_, i) => i);
      const sentAt = scheduledAt.map((at, row) => at + lateOf(row));
      expect(sends(scheduledAt, sentAt, isWanted), name).toEqual(sorted(sentAt, isWanted));
      expect(sends(scheduledAt.toReversed(), sentAt, isWanted), `${name}, in no order`).toEqual(
        sorted(sentAt, isWanted),
      );
    }
  });
});

describe('rowsAround', () => {
  const ends = fc.oneof(
    fc.integer({ min: -10, max: 1050 }),
    fc.constantFrom(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, Number.NaN),
  );
  it('hold every row that was sent in the span', () => {
    fc.assert(
      fc.property(tables, ends, ends, (table, from, to) => {
        const { first, last } = rowsAround({ ...table, sentAt: columnOf(table.sentAt) }, from, to);
        for (const [row, at] of table.sentAt.entries())
          if (at >= from && at <= to) expect(row >= first && row < last, `row ${row}, sent ${at}`).toBe(true);
      }),
    );
  });

  it('are few where few were sent', () => {
    const scheduledAt = Float64Array.from({ length: 1000 }, (_, i) => i);
    const table = { scheduledAt, sentAt: columnOf(scheduledAt.map((at, i) => at + (i % 3))) };
    expect(rowsAround(table, 500, 510)).toEqual({ first: 498, last: 511 });
  });
});
