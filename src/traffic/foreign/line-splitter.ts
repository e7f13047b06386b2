const NEWLINE = 10;

/**
 * Cuts a byte stream into lines without making a string of any of them: a row that is not wanted costs a search for its
 * end and nothing else. A line may span chunks; one longer than `maxBytes` is a broken stream and throws.
 */
export class LineSplitter {
  #rest: Buffer = Buffer.alloc(0);
  #lines = 0;
  readonly #maxBytes: number;

  constructor(maxBytes = 1 << 20) {
    this.#maxBytes = maxBytes;
  }

  /** Calls back with each whole line as a range of `bytes`, without its line end. */
  push(chunk: Buffer, line: (bytes: Buffer, from: number, to: number) => void): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let from = 0;
    for (let end = bytes.indexOf(NEWLINE, from); end >= 0; end = bytes.indexOf(NEWLINE, from)) {
      this.#lines++;
      line(bytes, from, end > from && bytes[end - 1] === 13 ? end - 1 : end);
      from = end + 1;
    }
    this.#rest = from === bytes.length ? Buffer.alloc(0) : Buffer.from(bytes.subarray(from));
    if (this.#rest.length > this.#maxBytes) throw new RangeError(`line ${this.#lines + 1} is longer than 1 MB`);
  }

  /** Whole lines so far. */
  get lines(): number {
    return this.#lines;
  }

  /** What came after the last line end: half a line, when the writer was cut. */
  get rest(): Buffer {
    return this.#rest;
  }
}
