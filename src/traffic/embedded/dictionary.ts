const MAX_VALUE_BYTES = 256;
const MAX_VALUES = 1000;
const OTHER = '(other)';

/**
 * Strings of one sample column by code, looked up by bytes so that a known value never becomes a string.
 * Bounded, for the bytes come from strangers: values are cut at 256 bytes, and after 1,000 of them every new one is
 * `(other)`. Code 0 is null = absent; an empty value counts as absent too, for it names nobody.
 */
export class Dictionary {
  readonly #values: (string | null)[] = [null];
  readonly #bytes: Uint8Array[] = [new Uint8Array(0)];
  /** Hash → newest code with it; `#older[code]` goes on to the one before. */
  readonly #newest = new Map<number, number>();
  readonly #older: number[] = [0];
  #other = 0;
  #taken = 1;
  /** Code of the last answer: most values come many times in a row. */
  #last = 0;

  /** Code of the latin1 text in `bytes[from, to)`. */
  codeOfBytes(bytes: Uint8Array, from: number, to: number): number {
    const end = to - from > MAX_VALUE_BYTES ? from + MAX_VALUE_BYTES : to;
    if (end <= from) return 0;
    if (sameBytes(this.#bytes[this.#last]!, bytes, from, end)) return this.#last;
    let hash = 0x811c9dc5;
    for (let i = from; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
    const newest = this.#newest.get(hash) ?? 0;
    for (let code = newest; code !== 0; code = this.#older[code]!) {
      if (sameBytes(this.#bytes[code]!, bytes, from, end)) {
        this.#last = code;
        return code;
      }
    }
    if (this.#values.length > MAX_VALUES) {
      if (this.#other === 0) this.#other = this.#values.push(OTHER) - 1;
      return this.#other;
    }
    // A Buffer's own slice would be a view of memory that the socket fills again.
    const copy = Uint8Array.prototype.slice.call(bytes, from, end);
    const code = this.#values.push(Buffer.from(copy).toString('latin1')) - 1;
    this.#bytes[code] = copy;
    this.#older[code] = newest;
    this.#newest.set(hash, code);
    return code;
  }

  /** Code of our own text (error codes, addresses). */
  codeOfText(text: string): number {
    const bytes = Buffer.from(text, 'latin1');
    return this.codeOfBytes(bytes, 0, bytes.length);
  }

  textOf(code: number): string | null {
    return this.#values[code] ?? null;
  }

  get size(): number {
    return this.#values.length;
  }

  /** Values added since the last call, in code order: what the other thread does not know yet. */
  takeNew(): string[] {
    const fresh = this.#values.slice(this.#taken) as string[];
    this.#taken = this.#values.length;
    return fresh;
  }
}

function sameBytes(known: Uint8Array, bytes: Uint8Array, from: number, to: number): boolean {
  if (known.length !== to - from) return false;
  for (let i = 0; i < known.length; i++) if (known[i] !== bytes[from + i]) return false;
  return true;
}
