import type { NumberArray } from './sample-order.js';

/** Stands for every further value once a column has 65,534 distinct ones (its codes have 16 bits). */
export const OVERFLOW_TEXT = '(too many distinct values)';
const OVERFLOW_CODE = 0xffff;
const FIRST_NUMBERS = 1024;

/** Codes of one column's texts over all batches, each of which has a dictionary of its own. */
export class TextCodes {
  /** By code; `values[0]` is null = absent. */
  readonly values: (string | null)[] = [null];
  private readonly codes = new Map<string, number>();
  /** Weak: a stream sends a whole new dictionary when it grows. */
  private readonly maps = new WeakMap<readonly string[], Uint16Array>();

  get count(): number {
    return this.values.length;
  }

  /** The code of each text of a dictionary. */
  codesOf(words: readonly string[]): Uint16Array {
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

/** Codes of one column's numbers (below 65,536), of which there are few: in the order in which they are first met. */
export class NumberCodes {
  /** By number: its code; 0 = not met yet. */
  codeOf = new Uint16Array(FIRST_NUMBERS);
  /** By code. Zero is no number's. */
  private readonly numbers: number[] = [0];

  get count(): number {
    return this.numbers.length;
  }

  get values(): Uint16Array {
    return Uint16Array.from(this.numbers);
  }

  meet(numbers: NumberArray): void {
    for (let row = 0; row < numbers.length; row++) {
      const number = numbers[row]!;
      if (number >= this.codeOf.length) {
        const wider = new Uint16Array(1 << 16);
        wider.set(this.codeOf);
        this.codeOf = wider;
      }
      if (this.codeOf[number] === 0) this.codeOf[number] = this.numbers.push(number) - 1;
    }
  }
}
