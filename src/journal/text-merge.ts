import type { Data, Vector } from 'apache-arrow';
import type { DictionaryColumn } from '../domain/sample.js';
import { inOrder } from './sample-order.js';

/** Stands for every further value once a column has 65,534 distinct ones (its codes have 16 bits). */
export const OVERFLOW_TEXT = '(too many distinct values)';
const OVERFLOW_CODE = 0xffff;

/** Builds one DictionaryColumn from batches that each carry their own dictionary. */
export class TextMerge {
  private readonly codes = new Map<string, number>();
  private readonly values: (string | null)[] = [null];
  /** Weak: a stream sends a whole new dictionary when it grows. */
  private readonly maps = new WeakMap<Vector, Uint16Array>();
  private out = new Uint16Array(0);

  /** Makes room for so many rows. */
  reserve(rows: number): void {
    const out = new Uint16Array(rows);
    out.set(this.out);
    this.out = out;
  }

  /** Puts the rows of `data` at `from` and after it. */
  add(data: Data, rows: number, from: number): void {
    const map = this.mapOf(data.dictionary);
    const indices = data.values as Uint16Array;
    const bitmap = data.nullBitmap;
    const whole = bitmap.length === 0;
    for (let row = 0; row < rows; row++) {
      const present = whole || ((bitmap[row >> 3]! >> (row & 7)) & 1) === 1;
      this.out[from + row] = present ? map[indices[row]!]! : 0;
    }
  }

  /** A single value in the rows [from, to); used for the source column. */
  fill(value: string, from: number, to: number): void {
    this.out.fill(this.codeOf(value), from, to);
  }

  /** The codes moved to their places, in one byte where that is enough; nothing can be added after that. */
  column(rows: number, rank: Uint32Array | null): DictionaryColumn {
    const codes = this.out.subarray(0, rows);
    this.out = new Uint16Array(0);
    // Copied by the constructor: `from` would make a list of all values first.
    return { codes: inOrder(this.values.length <= 256 ? new Uint8Array(codes) : codes, rank), values: this.values };
  }

  private mapOf(dictionary: Vector | undefined): Uint16Array {
    if (dictionary === undefined) return new Uint16Array(0);
    let map = this.maps.get(dictionary);
    if (map === undefined) {
      map = new Uint16Array(dictionary.length);
      for (let index = 0; index < map.length; index++) map[index] = this.codeOf(String(dictionary.get(index)));
      this.maps.set(dictionary, map);
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
