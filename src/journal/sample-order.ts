/** The columns rows are ordered by, most significant first: scheduledAt, source, seq. */
export interface SortColumns {
  readonly scheduledAt: Float64Array;
  /** Empty where all rows are of one source. */
  readonly source: Uint16Array;
  readonly seq: Uint32Array;
}

/**
 * Where each row goes: `rank[i]` is the place of row i when rows are sorted by scheduledAt, then source, then seq; null =
 * they are sorted. NaN sorts last. A radix sort, least significant digit first, because a comparison sort of a million rows costs
 * a second: 16 bits a pass, passes whose digit never varies are skipped. Little-endian, like Arrow itself.
 */
export function sampleRank(columns: SortColumns): Uint32Array | null {
  const rows = columns.scheduledAt.length;
  if (isSorted(columns)) return null;
  const seq = new Uint16Array(columns.seq.buffer, columns.seq.byteOffset, rows * 2);
  const time = new Uint16Array(sortableBits(columns.scheduledAt).buffer);
  const digits: readonly Digit[] = [
    [seq, 2, 0],
    [seq, 2, 1],
    ...(columns.source.length === 0 ? [] : [[columns.source, 1, 0] as const]),
    [time, 4, 0],
    [time, 4, 1],
    [time, 4, 2],
    [time, 4, 3],
  ];
  let order = new Uint32Array(rows);
  for (let row = 0; row < rows; row++) order[row] = row;
  let spare = new Uint32Array(rows);
  for (const digit of digits) {
    if (!sortByDigit(order, spare, digit)) continue;
    [order, spare] = [spare, order];
  }
  for (let place = 0; place < rows; place++) spare[order[place]!] = place;
  return spare;
}

type Digit = readonly [values: Uint16Array, stride: number, offset: number];

/** Stable counting sort of `from` into `to`; false (and `to` untouched) when the digit is the same in every row. */
function sortByDigit(from: Uint32Array, to: Uint32Array, [values, stride, offset]: Digit): boolean {
  const starts = new Uint32Array(65_537);
  const rows = from.length;
  for (let row = 0; row < rows; row++) starts[values[row * stride + offset]! + 1]!++;
  if (starts[values[offset]! + 1] === rows) return false;
  for (let digit = 0; digit < 65_536; digit++) starts[digit + 1]! += starts[digit]!;
  for (let place = 0; place < rows; place++) {
    const row = from[place]!;
    to[starts[values[row * stride + offset]!]!++] = row;
  }
  return true;
}

/** IEEE doubles as unsigned integers in the same order: negative numbers are inverted, the others get the top bit. */
function sortableBits(values: Float64Array): Uint32Array {
  const words = new Uint32Array(Float64Array.from(values).buffer);
  for (let index = 0; index < words.length; index += 2) {
    const high = words[index + 1]!;
    if (high >>> 31 === 1) {
      words[index] = ~words[index]!;
      words[index + 1] = ~high;
    } else words[index + 1] = high | 0x8000_0000;
  }
  return words;
}

function isSorted({ scheduledAt, source, seq }: SortColumns): boolean {
  for (let row = 1; row < scheduledAt.length; row++) {
    const gap = scheduledAt[row]! - scheduledAt[row - 1]!;
    if (gap > 0) continue;
    if (!(gap === 0) || source[row]! < source[row - 1]!) return false;
    if (source[row] === source[row - 1] && seq[row]! < seq[row - 1]!) return false;
  }
  return true;
}

/** A column of the table. */
export type NumberArray = Uint8Array | Uint16Array | Uint32Array | Float64Array;

/** A column with each row at its place in `rank`; the column itself when rows are sorted. */
export function inOrder<A extends NumberArray>(column: A, rank: Uint32Array | null): A {
  if (rank === null) return column;
  const out = new (column.constructor as new (length: number) => A)(column.length);
  for (let row = 0; row < rank.length; row++) out[rank[row]!] = column[row]!;
  return out;
}
