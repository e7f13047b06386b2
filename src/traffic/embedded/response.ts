import { advance, type BodyCheck } from './body-check.js';
import { clear, type HeadFields, type HeadFormat, readHead } from './response-head.js';

const CR = 13;
const LF = 10;
/** Head, trailers and chunk extensions each; a head beyond it is a protocol error. */
const HEAD_LIMIT = 32 * 1024;
/** Largest chunk size taken, in hex digits: beyond 13 a double no longer counts exactly. */
const SIZE_DIGITS = 12;

/** Where a reader is. `done` and `failed` are ends; `length`, `until-close` and the chunk states are inside the body. */
const HEAD = 0;
const LENGTH = 1;
const UNTIL_CLOSE = 2;
const CHUNK_SIZE = 3;
const CHUNK_EXTENSION = 4;
const CHUNK_DATA = 5;
const CHUNK_END = 6;
const TRAILERS = 7;
const DONE = 8;
const FAILED = 9;

/** What is known of an answer before it comes. */
export interface ExpectedAnswer {
  readonly body: BodyCheck | null;
  /** True for HEAD requests: no body whatever the head announces. */
  readonly headOnly: boolean;
}

/**
 * An HTTP/1.x response read from bytes in any pieces, one reader per connection, used again for each response.
 * A head that arrives whole, which is nearly always, is read in place; only a split one is copied together.
 */
export class ResponseReader implements HeadFields {
  status = 0;
  statusText = 0;
  server = 0;
  target = 0;
  version = 0;
  bootId = 0;
  contentLength = -1;
  transferEncoding = 0;
  keepAlive = false;
  bodyBytes = 0;
  readonly #format: HeadFormat;
  #expected: ExpectedAnswer = { body: null, headOnly: false };
  #state = DONE;
  #remaining = 0;
  #digits = 0;
  #matched = 0;
  /** Bytes of the line or section now being counted against HEAD_LIMIT. */
  #section = 0;
  #lineEmpty = false;
  #pending: Uint8Array | null = null;
  #pendingLength = 0;

  constructor(format: HeadFormat) {
    this.#format = format;
  }

  /** Ready for the next response on this connection. */
  begin(expected: ExpectedAnswer): void {
    this.#expected = expected;
    clear(this);
    this.bodyBytes = 0;
    this.#state = HEAD;
    this.#matched = 0;
    this.#startHead();
  }

  get done(): boolean {
    return this.#state === DONE;
  }
  get failed(): boolean {
    return this.#state === FAILED;
  }
  /** The head was read and the end of the body was not. */
  get inBody(): boolean {
    return this.#state > HEAD && this.#state < DONE;
  }
  /** 1 = the text was found, 0 = it was not, 2 = not asked for or the response is not whole. */
  get bodyOk(): number {
    const check = this.#expected.body;
    if (check === null || this.#state !== DONE) return 2;
    return this.#matched === check.text.length ? 1 : 0;
  }

  /** Takes `bytes[from, to)`; returns where it stopped: before `to` only when done or failed. */
  push(bytes: Uint8Array, from: number, to: number): number {
    let at = from;
    while (at < to && this.#state < DONE) {
      if (this.#state === HEAD) at = this.#head(bytes, at, to);
      else if (this.#state === LENGTH || this.#state === CHUNK_DATA) at = this.#data(bytes, at, to);
      else if (this.#state === UNTIL_CLOSE) at = this.#body(bytes, at, to);
      else this.#framing(bytes[at++]!);
    }
    return at;
  }

  /** The peer closed. True = that was the rightful end of the response. */
  end(): boolean {
    if (this.#state === UNTIL_CLOSE) this.#state = DONE;
    return this.#state === DONE;
  }

  #startHead(): void {
    this.#pendingLength = 0;
    this.#lineEmpty = false;
  }

  #head(bytes: Uint8Array, from: number, to: number): number {
    let at = from;
    if (this.#pendingLength === 0) {
      // Empty lines before a response are passed over, as other clients do.
      while (at < to && (bytes[at] === CR || bytes[at] === LF)) at++;
      if (at === to) return to;
      const limit = Math.min(to, at + HEAD_LIMIT);
      const whole = readHead(bytes, at, limit, this.#format, this);
      if (whole > 0) {
        this.#headRead(true);
        return whole;
      }
      // Not whole, or no head: which of the two is decided where it ends, however the bytes are split.
      clear(this);
      const end = this.#headEnd(bytes, at, limit);
      if (end > 0) {
        this.#headRead(false);
        return end;
      }
    }
    return this.#splitHead(bytes, at, to, this.#pendingLength > 0);
  }

  /** A head in pieces: gathered until its empty line, each byte looked at once. */
  #splitHead(bytes: Uint8Array, from: number, to: number, scan: boolean): number {
    this.#pending ??= new Uint8Array(1024);
    const before = this.#pendingLength;
    const taken = Math.min(to - from, HEAD_LIMIT - before);
    if (this.#pending.length < before + taken) {
      const larger = new Uint8Array(Math.min(HEAD_LIMIT, Math.max(before + taken, this.#pending.length * 2)));
      larger.set(this.#pending.subarray(0, before));
      this.#pending = larger;
    }
    this.#pending.set(bytes.subarray(from, from + taken), before);
    this.#pendingLength = before + taken;
    const end = scan ? this.#headEnd(this.#pending, before, this.#pendingLength) : 0;
    if (end > 0) {
      this.#headRead(readHead(this.#pending, 0, end, this.#format, this) > 0);
      return from + end - before;
    }
    if (this.#pendingLength >= HEAD_LIMIT) this.#fail();
    return from + taken;
  }

  /** Index after the empty line, or 0 when it is not there yet; goes on where the last call stopped. */
  #headEnd(bytes: Uint8Array, from: number, to: number): number {
    let empty = this.#lineEmpty;
    for (let i = from; i < to; i++) {
      const b = bytes[i];
      if (b === LF) {
        if (empty) {
          this.#lineEmpty = false;
          return i + 1;
        }
        empty = true;
      } else if (b !== CR) empty = false;
    }
    this.#lineEmpty = empty;
    return 0;
  }

  /** Decides how the body is framed (RFC 9112 §6.3). */
  #headRead(ok: boolean): void {
    if (!ok || this.status === 101) {
      this.#fail();
      return;
    }
    this.#startHead();
    if (this.status < 200) {
      clear(this);
      return;
    }
    this.#section = 0;
    if (this.#expected.headOnly || this.status === 204 || this.status === 304) this.#state = DONE;
    else if (this.transferEncoding === 1) this.#startChunk();
    else if (this.transferEncoding === 0 && this.contentLength >= 0) {
      this.#remaining = this.contentLength;
      this.#state = this.#remaining === 0 ? DONE : LENGTH;
    } else {
      this.keepAlive = false;
      this.#state = UNTIL_CLOSE;
    }
  }

  #fail(): void {
    if (this.#state === HEAD) clear(this);
    this.keepAlive = false;
    this.#state = FAILED;
  }

  #body(bytes: Uint8Array, from: number, to: number): number {
    this.bodyBytes += to - from;
    const check = this.#expected.body;
    if (check !== null) this.#matched = advance(check, this.#matched, bytes, from, to);
    return to;
  }

  #data(bytes: Uint8Array, from: number, to: number): number {
    const end = Math.min(to, from + this.#remaining);
    this.#body(bytes, from, end);
    this.#remaining -= end - from;
    if (this.#remaining === 0) this.#state = this.#state === LENGTH ? DONE : CHUNK_END;
    return end;
  }

  #startChunk(): void {
    this.#state = CHUNK_SIZE;
    this.#remaining = 0;
    this.#digits = 0;
    this.#lineEmpty = false;
  }

  /** One byte of chunk framing: size line, end of data, trailers. `#lineEmpty` here means "a CR was seen". */
  #framing(byte: number): void {
    const afterCr = this.#lineEmpty;
    this.#lineEmpty = byte === CR;
    if (afterCr && byte !== LF) this.#fail();
    else if (this.#state === CHUNK_END) {
      if (byte === LF) this.#startChunk();
      else if (byte !== CR) this.#fail();
    } else if (this.#state === TRAILERS) this.#trailer(byte);
    else if (byte === LF) this.#sizeRead();
    else if (byte === CR)
      return; // the LF after it decides
    else if (this.#state === CHUNK_SIZE && hexDigit(byte) >= 0) {
      this.#remaining = this.#remaining * 16 + hexDigit(byte);
      if (++this.#digits > SIZE_DIGITS) this.#fail();
    } else if (this.#state === CHUNK_SIZE && (this.#digits === 0 || (byte !== 59 && byte !== 32 && byte !== 9)))
      this.#fail();
    else {
      this.#state = CHUNK_EXTENSION;
      if (++this.#section > HEAD_LIMIT) this.#fail();
    }
  }

  #sizeRead(): void {
    if (this.#digits === 0) this.#fail();
    else if (this.#remaining > 0) this.#state = CHUNK_DATA;
    else {
      this.#state = TRAILERS;
      this.#section = 0;
      this.#digits = 0;
    }
  }

  /** Trailers are passed over; `#digits` counts the bytes of the current line. */
  #trailer(byte: number): void {
    if (++this.#section > HEAD_LIMIT) this.#fail();
    else if (byte === LF) {
      if (this.#digits === 0) this.#state = DONE;
      this.#digits = 0;
    } else if (byte !== CR) this.#digits++;
  }
}

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const lower = byte | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}
