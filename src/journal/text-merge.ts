import type { Data, Vector } from 'apache-arrow';
import type { DictionaryColumn } from '../domain/sample.js';

/** Stands for every further value once a column has 65,534 distinct ones (its codes have 16 bits). */
export const OVERFLOW_TEXT = '(too many distinct values)';
const OVERFLOW_CODE = 0xffff;

/** Builds one DictionaryColumn from batches that each carry their own dictionary. */
export class TextMerge {
  private readonly codes = new Map<string, number>();
  private readonly values: (string | null)[] = [null];
  private readonly maps = new Map<Vector, Uint16Array>();
  private readonly out: Uint16Array;

  constructor(rows: number) {
    this.out = new Uint16Array(rows);
  }

  /** Puts row i of `data` at `rank[from + i]`. */
  add(data: Data, rows: number, rank: Uint32Array, from: number): void {
    const map = this.mapOf(data.dictionary);
    const indices = data.values as Uint16Array;
    const bitmap = data.nullBitmap;
    const whole = bitmap.length === 0;
    for (let row = 0; row < rows; row++) {
      const present = whole || ((bitmap[row >> 3]! >> (row & 7)) & 1) === 1;
      this.out[rank[from + row]!] = present ? map[indices[row]!]! : 0;
    }
  }

  /** A single value in `rows` places; used for the source column. */
  fill(value: string, rows: number, rank: Uint32Array, from: number): void {
    const code = this.codeOf(value);
    for (let row = 0; row < rows; row++) this.out[rank[from + row]!] = code;
  }

  column(): DictionaryColumn {
    return { codes: this.out, values: this.values };
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
