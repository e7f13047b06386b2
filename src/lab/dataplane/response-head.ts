import { HeadFields, MALFORMED, NEED_MORE, VALUE_BYTE } from './header-fields.js';

const VERSION = Buffer.from('HTTP/1.');
const MAX_STATUS_LINE_BYTES = 8 * 1024;

/** The head of one response, scanned byte by byte and resumable at any byte. One instance per backend connection. */
export class ResponseHead {
  readonly fields = new HeadFields('response');
  status = 0;
  #minorVersion = 1;
  #fieldsAt = 0;

  reset(): void {
    this.fields.reset();
    this.status = 0;
    this.#fieldsAt = 0;
  }

  /** Returns the length of the whole head, NEED_MORE or MALFORMED. */
  scan(buf: Buffer, base: number, limit: number): number {
    if (this.#fieldsAt === 0) {
      const lineEnd = this.#scanLine(buf, base, Math.min(limit, base + MAX_STATUS_LINE_BYTES));
      if (lineEnd === NEED_MORE && limit - base >= MAX_STATUS_LINE_BYTES) return MALFORMED;
      if (lineEnd < 0) return lineEnd;
      this.#fieldsAt = lineEnd - base;
      this.fields.lineAt = this.#fieldsAt;
    }
    return this.fields.scan(buf, base, limit, this.#fieldsAt);
  }

  /** Whether the backend lets the connection live on after this response. */
  get reusable(): boolean {
    return !this.fields.close && (this.#minorVersion === 1 || this.fields.keepAlive);
  }

  /** The head to pass on: always HTTP/1.1, hop-by-hop lines out, `connection` (a line plus the blank line) appended. */
  forwardText(buf: Buffer, base: number, connection: string): string {
    const text = buf.toString('latin1', base, base + this.fields.end);
    const kept = this.fields.kept(text, 0, this.fields.end - 2);
    return this.#minorVersion === 1 ? kept + connection : `HTTP/1.1${kept.slice(8)}${connection}`;
  }

  #scanLine(buf: Buffer, base: number, limit: number): number {
    for (let i = 0; i < VERSION.length; i++) {
      if (base + i >= limit) return NEED_MORE;
      if (buf[base + i] !== VERSION[i]) return MALFORMED;
    }
    let at = base + VERSION.length;
    if (at >= limit) return NEED_MORE;
    this.#minorVersion = buf[at]! - 48;
    if (this.#minorVersion !== 0 && this.#minorVersion !== 1) return MALFORMED;
    if (++at >= limit) return NEED_MORE;
    if (buf[at] !== 32) return MALFORMED;
    this.status = 0;
    for (let i = 1; i <= 3; i++) {
      if (at + i >= limit) return NEED_MORE;
      const digit = buf[at + i]! - 48;
      if (digit < 0 || digit > 9 || (i === 1 && digit === 0)) return MALFORMED;
      this.status = this.status * 10 + digit;
    }
    at += 4;
    if (at >= limit) return NEED_MORE;
    if (buf[at] !== 32 && buf[at] !== 13) return MALFORMED;
    while (at < limit && VALUE_BYTE[buf[at]!] === 1) at++;
    if (at >= limit) return NEED_MORE;
    if (buf[at] !== 13) return MALFORMED;
    if (at + 1 >= limit) return NEED_MORE;
    return buf[at + 1] === 10 ? at + 2 : MALFORMED;
  }
}
