import { MAX_LINE_BYTES, TOKEN_BYTE, VALUE_BYTE } from './header-fields.js';

/** How a message body ends. `close` = when the peer closes (responses only). */
export type BodyKind = 'none' | 'length' | 'chunked' | 'close';

const S_SIZE_FIRST = 0;
const S_SIZE = 1;
const S_EXTENSION = 2;
const S_SIZE_LF = 3;
const S_DATA = 4;
const S_DATA_CR = 5;
const S_DATA_LF = 6;
const S_TRAILER_START = 7;
const S_TRAILER_NAME = 8;
const S_TRAILER_VALUE = 9;
const S_TRAILER_LF = 10;
const S_LAST_LF = 11;
/** 10 hex digits = 1 TiB: far beyond any body here, far below where a double loses integers. */
const MAX_SIZE_DIGITS = 10;

const HEX = new Int8Array(256).fill(-1);
for (let d = 0; d < 16; d++) {
  HEX[d.toString(16).charCodeAt(0)] = d;
  HEX[d.toString(16).toUpperCase().charCodeAt(0)] = d;
}

/**
 * Follows one message body through the bytes of a connection and says where it ends, without copying it. Strict on
 * purpose: only what every peer reads the same way passes, so nobody can smuggle a second message behind the first.
 */
export class BodyFraming {
  kind: BodyKind = 'none';
  /** The last byte of the body has been passed. A `close` body is never done by its bytes. */
  done = true;
  bad = false;
  #left = 0;
  #state = S_SIZE_FIRST;
  #digits = 0;
  /** Bytes of chunk extension or trailer so far; both are capped like a header line. */
  #extra = 0;

  start(kind: BodyKind, lengthBytes = 0): void {
    this.kind = kind;
    this.bad = false;
    this.#left = kind === 'length' ? lengthBytes : 0;
    this.#state = S_SIZE_FIRST;
    this.#digits = 0;
    this.#extra = 0;
    this.done = kind === 'none' || (kind === 'length' && lengthBytes === 0);
  }

  /**
   * Moves over buf[at, limit) and returns where it stopped: `limit`, or just after the body's last byte (`done`), or at
   * the offending byte (`bad`). With `payload`, the [from, to) pairs that are content and not framing are pushed to it.
   */
  advance(buf: Buffer, at: number, limit: number, payload?: number[]): number {
    if (this.done || this.bad || at >= limit) return at;
    if (this.kind === 'chunked') return this.#advanceChunked(buf, at, limit, payload);
    let stop = limit;
    if (this.kind === 'length') {
      stop = Math.min(limit, at + this.#left);
      this.#left -= stop - at;
      this.done = this.#left === 0;
    }
    payload?.push(at, stop);
    return stop;
  }

  #advanceChunked(buf: Buffer, from: number, limit: number, payload: number[] | undefined): number {
    let at = from;
    while (at < limit) {
      if (this.#state === S_DATA) {
        const stop = Math.min(limit, at + this.#left);
        payload?.push(at, stop);
        this.#left -= stop - at;
        at = stop;
        if (this.#left === 0) this.#state = S_DATA_CR;
        continue;
      }
      const next = this.#state <= S_SIZE_LF ? this.#sizeLine(buf[at]!) : this.#afterData(buf[at]!);
      if (next < 0 || this.#extra > MAX_LINE_BYTES) {
        this.bad = true;
        return at;
      }
      this.#state = next;
      at++;
      if (this.done) return at;
    }
    return at;
  }

  /** The state after byte `c` of a chunk-size line; -1 = refused. */
  #sizeLine(c: number): number {
    if (this.#state === S_SIZE_LF) {
      if (c !== 10) return -1;
      this.#digits = 0;
      return this.#left === 0 ? S_TRAILER_START : S_DATA;
    }
    if (this.#state === S_EXTENSION) {
      this.#extra++;
      if (c === 13) return S_SIZE_LF;
      return VALUE_BYTE[c] === 1 ? S_EXTENSION : -1;
    }
    const digit = HEX[c]!;
    if (digit >= 0) {
      this.#left = this.#left * 16 + digit;
      return ++this.#digits > MAX_SIZE_DIGITS ? -1 : S_SIZE;
    }
    if (this.#state === S_SIZE_FIRST) return -1;
    if (c === 13) return S_SIZE_LF;
    return c === 59 ? S_EXTENSION : -1;
  }

  /** The state after byte `c` of a chunk's end or of the trailer section; -1 = refused. */
  #afterData(c: number): number {
    switch (this.#state) {
      case S_DATA_CR:
        return c === 13 ? S_DATA_LF : -1;
      case S_DATA_LF:
        return c === 10 ? S_SIZE_FIRST : -1;
      case S_TRAILER_START:
        if (c === 13) return S_LAST_LF;
        this.#extra++;
        return TOKEN_BYTE[c] === 1 ? S_TRAILER_NAME : -1;
      case S_TRAILER_NAME:
        this.#extra++;
        if (c === 58) return S_TRAILER_VALUE;
        return TOKEN_BYTE[c] === 1 ? S_TRAILER_NAME : -1;
      case S_TRAILER_VALUE:
        this.#extra++;
        if (c === 13) return S_TRAILER_LF;
        return VALUE_BYTE[c] === 1 ? S_TRAILER_VALUE : -1;
      case S_TRAILER_LF:
        return c === 10 ? S_TRAILER_START : -1;
      default:
        if (c !== 10) return -1;
        this.done = true;
        return S_LAST_LF;
    }
  }
}
