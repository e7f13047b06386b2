import { type Column, DoubleColumn, NEVER_US, OffsetColumn } from '../domain/column.js';
import { type BlockColumn, isThere } from './record-block.js';
import { putInOrder, type RowOrder } from './sample-order.js';

/** Collects one column of times, as they are in the file: µs since the row was due. */
export class OffsetMerge {
  private us: Uint32Array;
  /** Rows whose offset is the very number that stands for none. */
  private readonly largest: number[] = [];

  constructor(rows: number) {
    this.us = new Uint32Array(rows);
  }

  /** Makes room for so many rows. */
  reserve(rows: number): void {
    const us = new Uint32Array(rows);
    us.set(this.us);
    this.us = us;
  }

  /** Puts the rows of a batch at `from` and after it. */
  add({ values, validity }: BlockColumn, from: number): void {
    const { us } = this;
    us.set(values, from);
    const hasLargest = values.includes(NEVER_US);
    if (validity === null && !hasLargest) return;
    for (let row = 0; row < values.length; row++) {
      if (!isThere(validity, row)) us[from + row] = NEVER_US;
      else if (values[row] === NEVER_US) this.largest.push(from + row);
    }
  }

  /** The times of the first rows, moved to their places; `scheduledAt` is in order already. Nothing can be added after that. */
  column(scheduledAt: Float64Array, order: RowOrder | null): Column {
    const us = this.us.subarray(0, scheduledAt.length);
    this.us = new Uint32Array(0);
    if (this.largest.length === 0) {
      if (order !== null) putInOrder(us, order);
      return new OffsetColumn(scheduledAt, us);
    }
    // Some 71 minutes: nothing of the kind happens to requests, but what is on disk is what was measured.
    const late = Float64Array.from(us, (each) => (each === NEVER_US ? Number.NaN : each));
    for (const row of this.largest) late[row] = NEVER_US;
    if (order !== null) putInOrder(late, order);
    return new DoubleColumn(late.map((each, row) => scheduledAt[row]! + each / 1000));
  }
}
