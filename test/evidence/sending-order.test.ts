import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnOf } from '../../src/domain/column.js';
import { rowsAround, rowsBySending } from '../../src/evidence/sending-order.js';

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
