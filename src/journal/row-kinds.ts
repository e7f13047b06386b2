import { type Column, KindColumn } from '../domain/column.js';
import { isThere } from './record-block.js';
import { type NumberArray, putInOrder, type RowOrder } from './sample-order.js';

/** Values of some rows, and the code of each value; rows without a value have code 0. Codes are small and without gaps. */
export interface CodedColumn {
  readonly values: NumberArray;
  readonly validity: Uint8Array | null;
  /** By value: its code. */
  readonly codeOf: Uint16Array;
  /** How many codes there are by now. */
  readonly codes: number;
}

/** Beyond so many cells a column looks its pairs up in a map. */
const CELLS_MAX = 1 << 22;
const SHORT_KINDS = 1 << 16;

/**
 * Numbers the combinations of values that rows have in columns of few values: a row keeps the number of its combination,
 * and columns are looked up by it. The combination is found column by column, from that of the columns before and the
 * value, in a table of such pairs.
 */
export class RowKinds {
  private readonly pairs: Pairs[];
  private kinds: Uint16Array | Uint32Array;
  /** Of the rows being added: their combination as far as it is known. */
  private found = new Uint32Array(0);

  constructor(columns: number, rows: number) {
    this.pairs = Array.from({ length: columns }, () => new Pairs());
    this.kinds = new Uint16Array(rows);
  }

  /** Makes room for so many rows. */
  reserve(rows: number): void {
    this.kinds =
      this.kinds instanceof Uint16Array
        ? copied(this.kinds, new Uint16Array(rows))
        : copied(this.kinds, new Uint32Array(rows));
  }

  /** Puts `rows` rows at `from` and after it; all columns in their order, a number = this code in every row. */
  add(rows: number, from: number, columns: readonly (CodedColumn | number)[]): void {
    if (rows > this.found.length) this.found = new Uint32Array(rows);
    const found = this.found.subarray(0, rows).fill(0);
    let known = 1;
    for (const [index, column] of columns.entries()) {
      const pairs = this.pairs[index]!;
      pairs.fit(known, typeof column === 'number' ? column + 1 : column.codes);
      pairs.follow(found, known, column);
      known = pairs.count;
    }
    if (known > SHORT_KINDS && this.kinds instanceof Uint16Array) this.kinds = new Uint32Array(this.kinds);
    this.kinds.set(found, from);
  }

  /** The columns of the first `rows` rows, moved to their places; `valuesOf` says what the codes of each stand for, null = themselves. */
  columns(rows: number, order: RowOrder | null, valuesOf: readonly (Uint16Array | null)[]): readonly Column[] {
    const kinds = this.kinds.subarray(0, rows);
    if (order !== null) putInOrder(kinds, order);
    const last = this.pairs.at(-1)!;
    let at = Uint32Array.from({ length: last.count }, (_, kind) => kind);
    const columns: Column[] = [];
    for (let index = this.pairs.length - 1; index >= 0; index--) {
      const pairs = this.pairs[index]!;
      const values = valuesOf[index] ?? null;
      columns.unshift(
        new KindColumn(
          kinds,
          Uint16Array.from(at, (each) => (values === null ? pairs.codeOf(each) : values[pairs.codeOf(each)]!)),
        ),
      );
      at = at.map((each) => pairs.beforeOf(each));
    }
    return columns;
  }
}

function copied<A extends Uint16Array | Uint32Array>(old: A, fresh: A): A {
  fresh.set(old);
  return fresh;
}

/** The combinations of one column's values with those of the columns before it, by number. */
class Pairs {
  private readonly before: number[] = [];
  private readonly codes: number[] = [];
  /** One more than the number of each pair; 0 = there was none yet. */
  private cells = new Uint32Array(0);
  private stride = 0;
  private far: Map<number, number> | null = null;
  /** There was but one code, and each combination has its own number. */
  private isOne = true;

  get count(): number {
    return this.codes.length;
  }

  codeOf(pair: number): number {
    return this.codes[pair]!;
  }

  beforeOf(pair: number): number {
    return this.before[pair]!;
  }

  /** Makes room for pairs of so many combinations and codes. */
  fit(combinations: number, codes: number): void {
    if (this.far !== null || (codes <= this.stride && combinations * this.stride <= this.cells.length)) return;
    this.stride = Math.max(this.stride, powerFrom(codes));
    const cells = powerFrom(combinations) * this.stride;
    if (cells > CELLS_MAX) {
      this.far = new Map(this.codes.map((code, pair) => [this.before[pair]! * SHORT_KINDS + code, pair]));
      return;
    }
    this.cells = new Uint32Array(cells);
    for (const [pair, code] of this.codes.entries()) this.cells[this.before[pair]! * this.stride + code] = pair + 1;
  }

  /** Goes on from each row's combination, of which there are so many, to that with its value. */
  follow(found: Uint32Array, combinations: number, column: CodedColumn | number): void {
    if (typeof column === 'number') {
      this.followOne(found, combinations, column);
      return;
    }
    const { values, validity, codeOf } = column;
    if (validity !== null || this.far !== null) {
      for (let row = 0; row < found.length; row++)
        found[row] = this.pairOf(found[row]!, isThere(validity, row) ? codeOf[values[row]!]! : 0);
      return;
    }
    const { cells, stride } = this;
    for (let row = 0; row < found.length; row++) {
      const before = found[row]!;
      const code = codeOf[values[row]!]!;
      const known = cells[before * stride + code]!;
      found[row] = known !== 0 ? known - 1 : this.learn(before, code);
    }
  }

  /** One code in all rows. While there was no other, each combination is met in turn and keeps its number. */
  private followOne(found: Uint32Array, combinations: number, code: number): void {
    if (this.isOne && code === (this.codes[0] ?? code))
      for (let before = this.count; before < combinations; before++) this.learn(before, code);
    else for (let row = 0; row < found.length; row++) found[row] = this.pairOf(found[row]!, code);
  }

  private pairOf(before: number, code: number): number {
    if (this.far !== null) return this.far.get(before * SHORT_KINDS + code) ?? this.learn(before, code);
    const known = this.cells[before * this.stride + code]!;
    return known !== 0 ? known - 1 : this.learn(before, code);
  }

  private learn(before: number, code: number): number {
    const pair = this.codes.push(code) - 1;
    this.isOne &&= before === pair && code === this.codes[0];
    this.before.push(before);
    if (this.far !== null) this.far.set(before * SHORT_KINDS + code, pair);
    else this.cells[before * this.stride + code] = pair + 1;
    return pair;
  }
}

function powerFrom(least: number): number {
  let power = 1;
  while (power < least) power *= 2;
  return power;
}
