import { HeadFields, MALFORMED, MAX_LINE_BYTES, NEED_MORE, TOKEN_BYTE } from './header-fields.js';

/** Why a request head is refused: which reply of the table in replies.ts it gets. */
export type HeadRejection = 'bad-request' | 'bad-method' | 'client-timeout';

/** A Classic ELB takes methods of up to 127 characters. */
const MAX_METHOD_BYTES = 127;
const SPACE = 32;
const VERSION = Buffer.from('HTTP/1.');

/**
 * The head of one request, scanned byte by byte and resumable at any byte: the answer depends on the bytes alone, never
 * on how they were cut into reads. One instance per client connection, `reset` between requests.
 */
export class RequestHead {
  readonly fields = new HeadFields('request');
  /** Set when `scan` returned MALFORMED. */
  rejection: HeadRejection = 'bad-request';
  method = '';
  /** 1 for HTTP/1.1, 0 for HTTP/1.0. */
  minorVersion = 1;
  #versionAt = 0;
  #fieldsAt = 0;

  reset(): void {
    this.fields.reset();
    this.rejection = 'bad-request';
    this.method = '';
    this.#fieldsAt = 0;
  }

  /** Returns the length of the whole head, NEED_MORE or MALFORMED (see `rejection`). */
  scan(buf: Buffer, base: number, limit: number): number {
    if (this.#fieldsAt === 0) {
      const lineEnd = this.#scanLine(buf, base, Math.min(limit, base + MAX_LINE_BYTES));
      if (lineEnd === NEED_MORE && limit - base >= MAX_LINE_BYTES) return MALFORMED;
      if (lineEnd < 0) return lineEnd;
      this.#fieldsAt = lineEnd - base;
      this.fields.lineAt = this.#fieldsAt;
    }
    const end = this.fields.scan(buf, base, limit, this.#fieldsAt);
    if (end < 0) return end;
    if (this.fields.hosts > 1 || (this.minorVersion === 1 && this.fields.hosts === 0)) return MALFORMED;
    // HTTP/1.0 knows no transfer codings; a chunked 1.0 request is a smuggling attempt.
    if (this.minorVersion === 0 && this.fields.chunked) return MALFORMED;
    return end;
  }

  /** Whether the client wants this connection kept after the response. */
  get keepAlive(): boolean {
    return this.minorVersion === 1 ? !this.fields.close : this.fields.keepAlive && !this.fields.close;
  }

  /** The head to send on: HTTP/1.1, hop-by-hop lines out, `forwarded` (ends in a blank line) appended. */
  forwardText(buf: Buffer, base: number, forwarded: string, fallbackHost: string): string {
    const text = buf.toString('latin1', base, base + this.fields.end);
    const lines = this.fields.end - 2;
    const head =
      this.minorVersion === 1
        ? this.fields.kept(text, 0, lines)
        : `${text.slice(0, this.#versionAt)}HTTP/1.1${this.fields.kept(text, this.#versionAt + 8, lines)}`;
    return this.fields.hosts > 0 ? head + forwarded : `${head}Host: ${fallbackHost}\r\n${forwarded}`;
  }

  #scanLine(buf: Buffer, base: number, limit: number): number {
    if (base < limit && buf[base] === 0x16) return this.#reject('client-timeout'); // a TLS ClientHello on a plain port
    let i = base;
    while (i < limit && TOKEN_BYTE[buf[i]!] === 1) {
      if (++i - base > MAX_METHOD_BYTES) return this.#reject('bad-method');
    }
    if (i === limit) return NEED_MORE;
    if (i === base || buf[i] !== SPACE) return MALFORMED;
    this.method = methodName(buf, base, i);
    if (this.method === 'CONNECT') return MALFORMED;
    const targetAt = ++i;
    while (i < limit && buf[i]! > SPACE && buf[i]! < 127) i++;
    if (!targetMayStart(buf, targetAt, i, this.method)) return MALFORMED;
    if (i === limit) return NEED_MORE;
    if (buf[i] !== SPACE || !targetComplete(buf, targetAt, i)) return MALFORMED;
    return this.#scanVersion(buf, base, i + 1, limit);
  }

  #scanVersion(buf: Buffer, base: number, at: number, limit: number): number {
    this.#versionAt = at - base;
    for (let i = 0; i < VERSION.length; i++) {
      if (at + i >= limit) return NEED_MORE;
      if (buf[at + i] !== VERSION[i]) return MALFORMED;
    }
    const tail = at + VERSION.length;
    if (tail >= limit) return NEED_MORE;
    const minor = buf[tail]! - 48;
    if (minor !== 0 && minor !== 1) return MALFORMED;
    this.minorVersion = minor;
    if (tail + 1 >= limit) return NEED_MORE;
    if (buf[tail + 1] !== 13) return MALFORMED;
    if (tail + 2 >= limit) return NEED_MORE;
    return buf[tail + 2] === 10 ? tail + 3 : MALFORMED;
  }

  #reject(why: HeadRejection): number {
    this.rejection = why;
    return MALFORMED;
  }
}

function methodName(buf: Buffer, start: number, end: number): string {
  // Interned for the two methods that make up nearly all traffic.
  if (end - start === 3 && buf[start] === 71 && buf[start + 1] === 69 && buf[start + 2] === 84) return 'GET';
  if (
    end - start === 4 &&
    buf[start] === 80 &&
    buf[start + 1] === 79 &&
    buf[start + 2] === 83 &&
    buf[start + 3] === 84
  ) {
    return 'POST';
  }
  return buf.toString('latin1', start, end);
}

const SCHEMES = ['http://', 'https://'] as const;

/** Whether the bytes seen so far can begin a request target: `/…`, `*` of OPTIONS, or an absolute http(s) URI. */
function targetMayStart(buf: Buffer, start: number, end: number, method: string): boolean {
  if (end === start || buf[start] === 47) return true;
  if (buf[start] === 42) return method === 'OPTIONS' && end === start + 1;
  const seen = buf.toString('latin1', start, Math.min(end, start + 8)).toLowerCase();
  return SCHEMES.some((scheme) => scheme.startsWith(seen) || seen.startsWith(scheme));
}

function targetComplete(buf: Buffer, start: number, end: number): boolean {
  if (end === start) return false;
  if (buf[start] === 47 || buf[start] === 42) return true;
  const target = buf.toString('latin1', start, Math.min(end, start + 9)).toLowerCase();
  return SCHEMES.some((scheme) => target.startsWith(scheme) && target.length > scheme.length);
}
