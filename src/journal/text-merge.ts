import type { DictionaryColumn } from '../domain/sample.js';
import { type BlockColumn, isThere } from './record-block.js';
import { putInOrder, type RowOrder } from './sample-order.js';

/** Stands for every further value once a column has 65,534 distinct ones (its codes have 16 bits). */
export const OVERFLOW_TEXT = '(too many distinct values)';
const OVERFLOW_CODE = 0xffff;
const BYTE_CODES = 256;

/** Builds one DictionaryColumn from batches that each carry their own dictionary. */
export class TextMerge {
  private readonly codes = new Map<string, number>();
  private readonly values: (string | null)[] = [null];
  /** Weak: a stream sends a whole new dictionary when it grows. */
  private readonly maps = new WeakMap<readonly string[], Uint16Array>();
  /** In one byte for as long as that is enough. */
  private out: Uint8Array | Uint16Array = new Uint8Array(0);

  /** Makes room for so many rows. */
  reserve(rows: number): void {
    const out = this.out instanceof Uint8Array ? new Uint8Array(rows) : new Uint16Array(rows);
    out.set(this.out);
    this.out = out;
  }

  /** Puts the rows of a batch at `from` and after it. */
  add({ values, validity, words }: BlockColumn, from: number): void {
    const map = this.mapOf(words);
    this.widen();
    const { out } = this;
    // Rows hold 0 already, and memory that is not written to is not taken.
    if (validity === null) for (let row = 0; row < values.length; row++) out[from + row] = map[values[row]!]!;
    else if (validity.some((bits) => bits !== 0))
      for (let row = 0; row < values.length; row++) if (isThere(validity, row)) out[from + row] = map[values[row]!]!;
  }

  /** A single value in the rows [from, to); used for the source column. */
  fill(value: string, from: number, to: number): void {
    const code = this.codeOf(value);
    this.widen();
    this.out.fill(code, from, to);
  }

  /** The codes moved to their places; nothing can be added after that. */
  column(rows: number, order: RowOrder | null): DictionaryColumn {
    const codes = this.out.subarray(0, rows);
    this.out = new Uint8Array(0);
    if (order !== null && this.values.length > 1) putInOrder(codes, order);
    return { codes, values: this.values };
  }

  private widen(): void {
    // Copied by the constructor: `from` would make a list of all values first.
    if (this.values.length > BYTE_CODES && this.out instanceof Uint8Array) this.out = new Uint16Array(this.out);
  }

  private mapOf(words: readonly string[]): Uint16Array {
    let map = this.maps.get(words);
    if (map === undefined) {
      map = Uint16Array.from(words, (word) => this.codeOf(word));
      this.maps.set(words, map);
    }
    return map;
  }

  private codeOf(value: string): number {
    const known = this.codes.get(value);
    if (known !== undefined) return known;
    if (this.values.length >= OVERFLOW_CODE) {
      this.values[OVERFLOW_CODE] = OVERFLOW_TEXT;
      return OVERFLOW_CODE;
    }
    this.codes.set(value, this.values.length);
    return this.values.push(value) - 1;
  }
}
