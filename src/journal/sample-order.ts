/** The columns rows are ordered by, most significant first: scheduledAt, source, seq. */
export interface SortColumns {
  readonly scheduledAt: Float64Array;
  /** Empty where all rows are of one source. */
  readonly source: Uint16Array;
  readonly seq: Uint32Array;
}

/** A column of the table. */
export type NumberArray = Uint8Array | Uint16Array | Uint32Array | Float64Array;

/** Rows in their order. */
export interface RowOrder {
  /** Which row belongs at each place. */
  readonly rows: Uint32Array;
  /** How far the farthest row is from its place. */
  readonly reach: number;
}

/** Rows that are set in order by insertion before any are merged. */
const RUN = 32;

/**
 * The order of rows by scheduledAt, then source, then seq, then as they are; null = they are in order. NaN sorts last.
 * A merge sort that looks only at what overlaps: rows are written down as requests end, which is nearly as they were due,
 * so it takes little more than a pass; a file for each of several sources costs a merge of them all.
 */
export function orderOf(columns: SortColumns): RowOrder | null {
  const count = columns.scheduledAt.length;
  const sorter = new Sorter(columns);
  if (sorter.isSorted()) return null;
  for (let from = 0; from < count; from += RUN) sorter.insert(from, Math.min(from + RUN, count));
  for (let width = RUN; width < count; width *= 2)
    for (let from = 0; from + width < count; from += 2 * width)
      sorter.merge(from, from + width, Math.min(from + 2 * width, count));
  const rows = sorter.rows;
  let reach = 0;
  for (let place = 0; place < count; place++) reach = Math.max(reach, Math.abs(rows[place]! - place));
  return { rows, reach };
}

class Sorter {
  readonly rows: Uint32Array;
  private readonly time: Float64Array;
  private readonly source: Uint16Array;
  private readonly seq: Uint32Array;
  private spare = new Uint32Array(1024);

  constructor({ scheduledAt, source, seq }: SortColumns) {
    this.time = scheduledAt;
    this.source = source;
    this.seq = seq;
    this.rows = new Uint32Array(scheduledAt.length);
    for (let row = 0; row < this.rows.length; row++) this.rows[row] = row;
  }

  isSorted(): boolean {
    for (let row = 1; row < this.time.length; row++) if (this.isAfter(row - 1, row)) return false;
    return true;
  }

  /** Sorts a few places. */
  insert(from: number, to: number): void {
    const { rows } = this;
    for (let i = from + 1; i < to; i++) {
      const row = rows[i]!;
      let at = i;
      while (at > from && this.isAfter(rows[at - 1]!, row)) {
        rows[at] = rows[at - 1]!;
        at--;
      }
      rows[at] = row;
    }
  }

  /** Makes one of two stretches that are in order. */
  merge(from: number, middle: number, to: number): void {
    const { rows } = this;
    if (!this.isAfter(rows[middle - 1]!, rows[middle]!)) return;
    const first = this.overlapStart(from, middle);
    const length = middle - first;
    if (length > this.spare.length) this.spare = new Uint32Array(Math.max(length, 2 * this.spare.length));
    const left = this.spare;
    left.set(rows.subarray(first, middle));
    let i = 0;
    let j = middle;
    let place = first;
    // What is left of the right stretch when the left one is used up is in its place.
    while (i < length) {
      if (j < to && this.isAfter(left[i]!, rows[j]!)) rows[place++] = rows[j++]!;
      else rows[place++] = left[i++]!;
    }
  }

  /** The first place of the left stretch whose row belongs behind the first one of the right: in steps that double, then by halves. */
  private overlapStart(from: number, middle: number): number {
    const row = this.rows[middle]!;
    let step = 1;
    while (middle - step > from && this.isAfter(this.rows[middle - step]!, row)) step *= 2;
    let low = Math.max(from, middle - step);
    let high = middle - 1;
    while (low < high) {
      const half = (low + high) >>> 1;
      if (this.isAfter(this.rows[half]!, row)) high = half;
      else low = half + 1;
    }
    return low;
  }

  /** Whether row `a` belongs behind row `b`, which stands behind it. */
  private isAfter(a: number, b: number): boolean {
    const timeA = this.time[a]!;
    const timeB = this.time[b]!;
    if (timeA < timeB) return false;
    if (timeA > timeB) return true;
    if (timeA !== timeB && Number.isNaN(timeA) !== Number.isNaN(timeB)) return Number.isNaN(timeA);
    if (this.source.length > 0 && this.source[a] !== this.source[b]) return this.source[a]! > this.source[b]!;
    return this.seq[a]! > this.seq[b]!;
  }
}

/** Rows that are moved at a time. */
const STRETCH = 1 << 16;

/** Moves the rows of a column to their places, within its own memory but for a stretch as long as the longest way of a row. */
export function putInOrder(column: NumberArray, { rows, reach }: RowOrder): void {
  const count = rows.length;
  const stretch = Math.min(count, Math.max(STRETCH, reach));
  // As they were: the stretch before the one being written, and that one.
  const kept = new (column.constructor as new (length: number) => NumberArray)(2 * stretch);
  for (let from = 0; from < count; from += stretch) {
    const to = Math.min(from + stretch, count);
    kept.copyWithin(0, stretch);
    kept.set(column.subarray(from, to), stretch);
    const start = from - stretch;
    for (let place = from; place < to; place++) {
      const row = rows[place]!;
      column[place] = row < to ? kept[row - start]! : column[row]!;
    }
  }
}
