/** A scan needs bytes that have not arrived yet. */
export const NEED_MORE = -1;
/** A scan met bytes that no conforming HTTP/1.1 peer sends. */
export const MALFORMED = -2;
/** Limits of a Classic ELB: 16 KiB for one line, 64 KiB for a whole head. */
export const MAX_LINE_BYTES = 16 * 1024;
export const MAX_HEAD_BYTES = 64 * 1024;

const CR = 13;
const LF = 10;
const MAX_STRIPPED_LINES = 64;

/** RFC 9110 token characters: 1 = allowed in a method or field name. */
export const TOKEN_BYTE = new Uint8Array(256);
for (const c of "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") {
  TOKEN_BYTE[c.charCodeAt(0)] = 1;
}
/** Field value characters: 1 = HTAB, visible ASCII, space, obs-text. NUL, bare CR, bare LF and DEL are out. */
export const VALUE_BYTE = new Uint8Array(256);
for (let c = 0; c < 256; c++) VALUE_BYTE[c] = (c >= 32 && c !== 127) || c === 9 ? 1 : 0;

const KNOWN = [
  'host',
  'te',
  'expect',
  'upgrade',
  'connection',
  'keep-alive',
  'content-length',
  'x-forwarded-for',
  'x-forwarded-port',
  'x-forwarded-proto',
  'transfer-encoding',
  'proxy-connection',
] as const;
type KnownName = (typeof KNOWN)[number];
const KNOWN_BY_LENGTH: { name: KnownName; bytes: Uint8Array }[][] = Array.from({ length: 18 }, () => []);
for (const name of KNOWN) KNOWN_BY_LENGTH[name.length]!.push({ name, bytes: Buffer.from(name) });
const KNOWN_SET: ReadonlySet<string> = new Set(KNOWN);

function knownName(buf: Buffer, start: number, end: number): KnownName | null {
  const candidates = KNOWN_BY_LENGTH[end - start];
  if (candidates === undefined) return null;
  for (let c = 0; c < candidates.length; c++) {
    const { name, bytes } = candidates[c]!;
    let i = 0;
    // `| 32` lowers ASCII letters; '-' (45) already carries the bit, and no other token byte can collide with these names.
    while (i < bytes.length && (buf[start + i]! | 32) === bytes[i]) i++;
    if (i === bytes.length) return name;
  }
  return null;
}

// The last line scanned. Module state instead of a returned object: one scan runs at a time and nothing is allocated.
let nameEnd = 0;
let valueStart = 0;
let valueEnd = 0;

function scanLine(buf: Buffer, at: number, limit: number): number {
  const cap = Math.min(limit, at + MAX_LINE_BYTES);
  const short = cap === limit ? NEED_MORE : MALFORMED;
  let i = at;
  while (i < cap && TOKEN_BYTE[buf[i]!] === 1) i++;
  if (i === cap) return short;
  // An empty name, obs-fold (leading white space) and white space before the colon all end here.
  if (i === at || buf[i] !== 58) return MALFORMED;
  nameEnd = i++;
  while (i < cap && (buf[i] === 32 || buf[i] === 9)) i++;
  valueStart = i;
  while (i < cap && VALUE_BYTE[buf[i]!] === 1) i++;
  if (i === cap) return short;
  if (buf[i] !== CR) return MALFORMED;
  if (i + 1 >= cap) return short;
  if (buf[i + 1] !== LF) return MALFORMED;
  valueEnd = i;
  while (valueEnd > valueStart && (buf[valueEnd - 1] === 32 || buf[valueEnd - 1] === 9)) valueEnd--;
  return i + 2;
}

/**
 * The field lines of one head, read byte by byte, resumable at any byte, with everything a proxy must know pulled out
 * and every hop-by-hop line marked for removal. All offsets are relative to the head's first byte, so the bytes may
 * move to another buffer between two scans. One instance serves all heads of a connection: `reset` between them.
 */
export class HeadFields {
  readonly #role: 'request' | 'response';
  /** Offset of the first line not yet read; set by the owner to just after the start line. */
  lineAt = 0;
  /** Offset just after the blank line, once complete. */
  end = 0;
  contentLength = -1;
  /** The final transfer coding is chunked. */
  chunked = false;
  close = false;
  keepAlive = false;
  hosts = 0;
  expectContinue = false;
  /** The X-Forwarded-For values met, joined; empty when there was none. */
  forwardedFor = '';
  #codings = 0;
  #codingLine = 0;
  #codingLineEnd = 0;
  #listed: string[] | null = null;
  #stripped: number[] = [];

  constructor(role: 'request' | 'response') {
    this.#role = role;
  }

  reset(): void {
    this.lineAt = 0;
    this.end = 0;
    this.contentLength = -1;
    this.chunked = false;
    this.close = false;
    this.keepAlive = false;
    this.hosts = 0;
    this.expectContinue = false;
    this.forwardedFor = '';
    this.#codings = 0;
    this.#listed = null;
    this.#stripped.length = 0;
  }

  /** Reads on from `lineAt`; returns the head's length, NEED_MORE or MALFORMED. */
  scan(buf: Buffer, base: number, limit: number, firstField: number): number {
    let at = base + this.lineAt;
    while (at < limit) {
      if (buf[at] === CR) {
        if (at + 1 >= limit) return NEED_MORE;
        if (buf[at + 1] !== LF) return MALFORMED;
        // Both framings at once, or a coding that does not end in chunked: request smuggling, whoever sent it.
        if (this.#codings > 0 && (this.contentLength >= 0 || !this.chunked)) return MALFORMED;
        if (this.#listed !== null) this.#stripListed(buf, base, base + firstField, at, this.#listed);
        this.end = at + 2 - base;
        return this.end;
      }
      const next = scanLine(buf, at, limit);
      if (next < 0) return next;
      if (next - base > MAX_HEAD_BYTES || !this.#take(buf, base, at, next)) return MALFORMED;
      at = next;
      this.lineAt = at - base;
    }
    return NEED_MORE;
  }

  /** `text` is the head as latin1; returns text[from, to) without the hop-by-hop lines. */
  kept(text: string, from: number, to: number): string {
    const stripped = this.#stripped;
    if (stripped.length === 0) return text.slice(from, to);
    let out = '';
    let at = from;
    for (let i = 0; i < stripped.length; i += 2) {
      out += text.slice(at, stripped[i]!);
      at = stripped[i + 1]!;
    }
    return out + text.slice(at, to);
  }

  /** Marks the Transfer-Encoding line for removal: the body goes on without its chunk framing. */
  stripTransferEncoding(): void {
    this.#strip(this.#codingLine, this.#codingLineEnd);
    this.#sortStripped();
  }

  #strip(from: number, to: number): void {
    this.#stripped.push(from, to);
  }

  #sortStripped(): void {
    const pairs: [number, number][] = [];
    for (let i = 0; i < this.#stripped.length; i += 2) pairs.push([this.#stripped[i]!, this.#stripped[i + 1]!]);
    this.#stripped = pairs.sort((a, b) => a[0] - b[0]).flat();
  }

  #take(buf: Buffer, base: number, at: number, next: number): boolean {
    const name = knownName(buf, at, nameEnd);
    if (name === null) return true;
    switch (name) {
      case 'content-length':
        return this.#takeContentLength(buf);
      case 'transfer-encoding':
        this.#codingLine = at - base;
        this.#codingLineEnd = next - base;
        return this.#takeTransferEncoding(buf);
      case 'connection':
        this.#takeConnection(buf);
        break;
      case 'host':
        this.hosts++;
        return true;
      case 'expect':
        if (this.#role === 'response') return true;
        if (buf.toString('latin1', valueStart, valueEnd).toLowerCase() !== '100-continue') return true;
        this.expectContinue = true;
        break;
      case 'x-forwarded-for':
        if (this.#role === 'response') return true;
        if (valueEnd > valueStart) {
          const value = buf.toString('latin1', valueStart, valueEnd);
          this.forwardedFor = this.forwardedFor === '' ? value : `${this.forwardedFor}, ${value}`;
        }
        break;
      case 'x-forwarded-port':
      case 'x-forwarded-proto':
      case 'te':
        if (this.#role === 'response') return true;
        break;
      default:
    }
    this.#strip(at - base, next - base);
    return this.#stripped.length <= 2 * MAX_STRIPPED_LINES;
  }

  #takeContentLength(buf: Buffer): boolean {
    const digits = valueEnd - valueStart;
    if (this.contentLength >= 0 || digits === 0 || digits > 15) return false;
    let value = 0;
    for (let i = valueStart; i < valueEnd; i++) {
      const digit = buf[i]! - 48;
      if (digit < 0 || digit > 9) return false;
      value = value * 10 + digit;
    }
    this.contentLength = value;
    return true;
  }

  #takeTransferEncoding(buf: Buffer): boolean {
    if (this.#codings++ > 0) return false;
    const value = buf.toString('latin1', valueStart, valueEnd).toLowerCase();
    this.chunked = value === 'chunked' || (this.#role === 'response' && /,[ \t]*chunked$/.test(value));
    return this.chunked;
  }

  #takeConnection(buf: Buffer): void {
    for (const part of buf.toString('latin1', valueStart, valueEnd).toLowerCase().split(',')) {
      const token = part.trim();
      if (token === 'close') this.close = true;
      else if (token === 'keep-alive') this.keepAlive = true;
      // A name we know is either stripped anyway or (Host, framing, X-Forwarded-*) must not be removable by a client.
      else if (token !== '' && !KNOWN_SET.has(token)) {
        this.#listed ??= [];
        this.#listed.push(token);
      }
    }
  }

  #stripListed(buf: Buffer, base: number, from: number, to: number, listed: readonly string[]): void {
    let at = from;
    while (at < to) {
      const next = scanLine(buf, at, to + 2);
      if (next < 0) return;
      const name = buf.toString('latin1', at, nameEnd).toLowerCase();
      if (listed.includes(name)) this.#strip(at - base, next - base);
      at = next;
    }
    this.#sortStripped();
  }
}
