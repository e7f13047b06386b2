import type { Column } from '../domain/column.js';
import type { SampleTable } from '../domain/sample.js';
import type { Instant } from '../domain/time.js';
import { ascendInPlace, lowerBound, sortByTime, upperBound } from '../stats/ascending.js';

/** A stretch of rows: `first` is in it, `last` is not. */
export interface RowRange {
  readonly first: number;
  readonly last: number;
}

/** How far rows are from the order of sending. */
interface Disorder {
  /** Least and greatest `sentAt − scheduledAt`; nothing sent leaves them infinite. */
  readonly least: number;
  readonly most: number;
  /** False where rows are not in the order they were due: then no range of them is known to be enough. */
  readonly isOrderly: boolean;
}

// Worked out once for each table, however many derivations ask: a column is never written after it was read.
const ORDERS = new WeakMap<Column, Uint32Array>();
const DISORDERS = new WeakMap<Column, Disorder>();
/** Differences of instants are rounded. */
const ROUNDING_MS = 0.001;

/** The rows that were sent, by when, then by row. Linear, as rows are sent only a little out of the order they are in. */
export function rowsBySending(sentAt: Column): Uint32Array {
  const known = ORDERS.get(sentAt);
  if (known !== undefined) return known;
  const all = new Uint32Array(sentAt.length);
  let count = 0;
  for (let row = 0; row < all.length; row++) if (!Number.isNaN(sentAt.at(row))) all[count++] = row;
  const order = all.subarray(0, count);
  sortByTime(order, (row) => sentAt.at(row));
  ORDERS.set(sentAt, order);
  return order;
}

/** Sends that are held at a time until nothing can come before them. */
const HELD = 1 << 14;

/**
 * Tells when the rows asked for were sent, in ascending order, a stretch at a time (the array is used again for the next one); a
 * row that never was says nothing. Rows are sent only a little out of the order they are in, so few are held at a time.
 */
export function sendsInOrder(
  { scheduledAt, sentAt }: Pick<SampleTable, 'scheduledAt' | 'sentAt'>,
  isWanted: (row: number) => boolean,
  take: (ascending: Float64Array) => void,
): void {
  const { least, isOrderly } = disorderOf(scheduledAt, sentAt);
  let held = new Float64Array(HELD);
  let count = 0;
  for (let row = 0; row < sentAt.length; row++) {
    if (!isWanted(row)) continue;
    const at = sentAt.at(row);
    if (Number.isNaN(at)) continue;
    if (count === held.length) {
      const soonest = isOrderly ? scheduledAt[row]! + least - ROUNDING_MS : Number.NEGATIVE_INFINITY;
      count = released(held, soonest, take);
      // Half of them waiting: a few at a time would be sorted over and over.
      if (count > held.length / 2) held = doubled(held);
    }
    held[count++] = at;
  }
  released(held.subarray(0, count), Number.POSITIVE_INFINITY, take);
}

/** Hands over those before `soonest` in order, and says how many are left, at the start of the array. */
function released(held: Float64Array, soonest: Instant, take: (ascending: Float64Array) => void): number {
  ascendInPlace(held);
  const until = lowerBound(held, soonest);
  take(held.subarray(0, until));
  held.copyWithin(0, until);
  return held.length - until;
}

function doubled(held: Float64Array): Float64Array<ArrayBuffer> {
  const wider = new Float64Array(2 * held.length);
  wider.set(held);
  return wider;
}

/** Rows among which are all that were sent in [from, to]: a question about a short time need not look at a whole run. */
export function rowsAround(
  { scheduledAt, sentAt }: Pick<SampleTable, 'scheduledAt' | 'sentAt'>,
  from: Instant,
  to: Instant,
): RowRange {
  const { least, most, isOrderly } = disorderOf(scheduledAt, sentAt);
  if (!isOrderly || Number.isNaN(from) || Number.isNaN(to)) return { first: 0, last: sentAt.length };
  const first = lowerBound(scheduledAt, from - most - ROUNDING_MS);
  return { first, last: Math.max(first, upperBound(scheduledAt, to - least + ROUNDING_MS)) };
}

function disorderOf(scheduledAt: Float64Array, sentAt: Column): Disorder {
  const known = DISORDERS.get(sentAt);
  if (known !== undefined) return known;
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let isOrderly = true;
  let last = Number.NEGATIVE_INFINITY;
  for (let row = 0; row < sentAt.length; row++) {
    const due = scheduledAt[row]!;
    // Also for NaN.
    if (!(due >= last)) isOrderly = false;
    last = due;
    const sent = sentAt.at(row);
    const late = sent - due;
    if (late < least) least = late;
    if (late > most) most = late;
    if (Number.isNaN(late) && !Number.isNaN(sent)) isOrderly = false;
  }
  const disorder = { least, most, isOrderly };
  DISORDERS.set(sentAt, disorder);
  return disorder;
}
