import { BodyFraming } from './body-framing.js';
import { NEED_MORE } from './header-fields.js';
import { RequestHead } from './request-head.js';

/** A head and a body that arrived together go out in one write up to this size. */
const JOINED_BYTES = 8 * 1024;

/** The bytes a client has sent and nobody has dealt with yet, and the request being read out of them. */
export class RequestIntake {
  readonly head = new RequestHead();
  readonly body = new BodyFraming();
  /** When the head under way began to arrive; null = no byte of it is here. */
  headSinceMs: number | null = null;
  /** Unread bytes: carry[at, end). */
  #carry: Buffer | null = null;
  #at = 0;

  get empty(): boolean {
    return this.#carry === null;
  }

  push(chunk: Buffer): void {
    this.#carry = this.#carry === null ? chunk : Buffer.concat([this.#carry.subarray(this.#at), chunk]);
    this.#at = 0;
  }

  clear(): void {
    this.#carry = null;
  }

  /** Ready for the next request of the connection. */
  reset(): void {
    this.head.reset();
    this.headSinceMs = null;
  }

  /** Scans the head under way: its length, NEED_MORE or MALFORMED. */
  scanHead(nowMs: number): number {
    const carry = this.#carry;
    if (carry === null) return NEED_MORE;
    if (this.headSinceMs === null) {
      // Older clients send an empty line after a body; RFC 9112 §2.2 asks to skip it. Half of one is not a request yet.
      while (carry[this.#at] === 13 && carry[this.#at + 1] === 10) this.#at += 2;
      if (this.#at + 1 === carry.length && carry[this.#at] === 13) return NEED_MORE;
      if (this.#at >= carry.length) {
        this.#carry = null;
        return NEED_MORE;
      }
      this.headSinceMs = nowMs;
    }
    return this.head.scan(carry, this.#at, carry.length);
  }

  /** Consumes the head just scanned, starts its body, and returns the head to send on. */
  takeHead(length: number, clientAddress: string, forwardedTail: string, authority: string): string {
    const carry = this.#carry!;
    const { fields } = this.head;
    const before = fields.forwardedFor === '' ? '' : `${fields.forwardedFor}, `;
    const lines = `X-Forwarded-For: ${before}${clientAddress}${forwardedTail}`;
    const text = this.head.forwardText(carry, this.#at, lines, authority);
    if (fields.chunked) this.body.start('chunked');
    else if (fields.contentLength > 0) this.body.start('length', fields.contentLength);
    else this.body.start('none');
    this.#take(carry, this.#at + length);
    return text;
  }

  /** The body bytes at hand, moved over; not a copy. Check `body.bad` before using them. */
  takeBody(): Buffer {
    const carry = this.#carry!;
    const from = this.#at;
    const to = this.body.advance(carry, from, carry.length);
    this.#take(carry, to);
    return carry.subarray(from, to);
  }

  /** Whether there are body bytes and few enough to travel with the head. */
  get bodyJoins(): boolean {
    return !this.body.done && this.#carry !== null && this.#carry.length - this.#at <= JOINED_BYTES;
  }

  #take(carry: Buffer, to: number): void {
    this.#at = to;
    if (to >= carry.length) this.#carry = null;
  }
}
