import type { IdentityHeaders } from '../../domain/scenario.js';
import type { Dictionaries } from './columns.js';

const CR = 13;
const LF = 10;
const SPACE = 32;
const TAB = 9;
const COLON = 58;
const COMMA = 44;

/** What the head of a response says, as numbers and dictionary codes. */
export interface HeadFields {
  /** 0 = no status line was read. */
  status: number;
  statusText: number;
  server: number;
  target: number;
  version: number;
  bootId: number;
  /** Announced body length, or -1. */
  contentLength: number;
  /** 0 = no Transfer-Encoding, 1 = ends in chunked, 2 = ends in something else. */
  transferEncoding: number;
  /** What the head says of the connection's future. */
  keepAlive: boolean;
}

type Interest = 'length' | 'encoding' | 'connection' | 'server' | 'target' | 'version' | 'bootId';
type Watched = readonly { readonly name: Uint8Array; readonly interest: Interest }[];

/** Which header lines are looked at, by the length of their name: most lines are passed over after one look. */
export interface HeadFormat {
  readonly identity: IdentityHeaders;
  readonly dictionaries: Dictionaries;
  readonly byNameLength: readonly (Watched | undefined)[];
}

/** One format serves all connections of a thread. Identity header names are matched without regard to case. */
export function headFormat(identity: IdentityHeaders, dictionaries: Dictionaries): HeadFormat {
  const names: [string, Interest][] = [
    ['content-length', 'length'],
    ['transfer-encoding', 'encoding'],
    ['connection', 'connection'],
    ['server', 'server'],
    [identity.target, 'target'],
    [identity.version, 'version'],
  ];
  if (identity.bootId !== null) names.push([identity.bootId, 'bootId']);
  const byNameLength: { name: Uint8Array; interest: Interest }[][] = [];
  for (const [name, interest] of names) {
    if (name.length === 0) continue;
    byNameLength[name.length] ??= [];
    byNameLength[name.length]!.push({ name: Buffer.from(name.toLowerCase(), 'latin1'), interest });
  }
  return { identity, dictionaries, byNameLength };
}

/** Bytes that may stand in a header name (RFC 9110 token). */
const TOKEN = new Uint8Array(256);
for (const c of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
  TOKEN[c.charCodeAt(0)] = 1;

const CHUNKED = Buffer.from('chunked');
const CLOSE = Buffer.from('close');
const KEEP_ALIVE = Buffer.from('keep-alive');

/** What `readHead` answers instead of an index: the head is not there as a whole, or it is none. */
export const NOT_WHOLE = 0;
export const MALFORMED = -1;

/**
 * Reads the head that begins at `from` into `fields`, each byte once; returns the index after its empty line. `to` may lie
 * beyond the head. NOT_WHOLE = no empty line before `to`. MALFORMED = not HTTP/1.x, or framing that cannot be trusted (two
 * lengths, length and encoding together, a folded framing header). A bare LF ends a line too (RFC 9112 §2.2); of a
 * repeated identity header the first one counts. In the two bad cases `fields` hold nothing of meaning.
 */
export function readHead(b: Uint8Array, from: number, to: number, format: HeadFormat, fields: HeadFields): number {
  clear(fields);
  let lf = lineEnd(b, from, to);
  if (lf === to) return NOT_WHOLE;
  if (!readStatusLine(b, from, contentEnd(b, from, lf), format, fields)) return malformed(fields);
  // A status line is never folded.
  let watchedBefore = true;
  for (let at = lf + 1; at < to; at = lf + 1) {
    const first = b[at]!;
    if (first === LF || (first === CR && at + 1 < to && b[at + 1] === LF)) {
      if (fields.transferEncoding !== 0 && fields.contentLength >= 0) return MALFORMED;
      return first === LF ? at + 1 : at + 2;
    }
    if (first === SPACE || first === TAB) {
      lf = valueEnd(b, at, to);
      // Obsolete folding: harmless unless it goes on from a header that matters to us.
      if (lf > 0 && watchedBefore) return MALFORMED;
    } else {
      let colon = at;
      while (colon < to && TOKEN[b[colon]!] === 1) colon++;
      if (colon === to) return NOT_WHOLE;
      if (colon === at || b[colon] !== COLON) return MALFORMED;
      lf = valueEnd(b, colon + 1, to);
      if (lf <= 0) return lf;
      const seen = readLine(b, at, colon, contentEnd(b, colon + 1, lf), format, fields);
      if (seen < 0) return MALFORMED;
      watchedBefore = seen > 0;
    }
    if (lf <= 0) return lf;
  }
  return NOT_WHOLE;
}

function malformed(fields: HeadFields): number {
  clear(fields);
  return MALFORMED;
}

/** The LF that ends a value; MALFORMED for a NUL or a bare CR: both are how one head is smuggled into another. */
function valueEnd(b: Uint8Array, from: number, to: number): number {
  for (let i = from; i < to; i++) {
    const c = b[i]!;
    // Nearly every byte of a value is beyond these.
    if (c > CR) continue;
    if (c === LF) return i;
    if (c === 0) return MALFORMED;
    if (c === CR && i + 1 < to && b[i + 1] !== LF) return MALFORMED;
  }
  return NOT_WHOLE;
}

/** Back to "nothing read". */
export function clear(fields: HeadFields): void {
  fields.status = 0;
  fields.statusText = 0;
  fields.server = 0;
  fields.target = 0;
  fields.version = 0;
  fields.bootId = 0;
  fields.contentLength = -1;
  fields.transferEncoding = 0;
  fields.keepAlive = false;
}

function lineEnd(bytes: Uint8Array, from: number, to: number): number {
  let i = from;
  while (i < to && bytes[i] !== LF) i++;
  return i;
}

function contentEnd(bytes: Uint8Array, from: number, lf: number): number {
  return lf > from && bytes[lf - 1] === CR ? lf - 1 : lf;
}

/** `HTTP/1.x NNN reason`, the reason optional. */
function readStatusLine(b: Uint8Array, from: number, end: number, format: HeadFormat, fields: HeadFields): boolean {
  if (end - from < 12) return false;
  if (b[from] !== 72 || b[from + 1] !== 84 || b[from + 2] !== 84 || b[from + 3] !== 80 || b[from + 4] !== 47)
    return false;
  const minor = b[from + 7]! - 48;
  if (b[from + 5] !== 49 || b[from + 6] !== 46 || minor < 0 || minor > 9 || b[from + 8] !== SPACE) return false;
  const hundreds = b[from + 9]! - 48;
  const tens = b[from + 10]! - 48;
  const ones = b[from + 11]! - 48;
  if (hundreds < 1 || hundreds > 9 || tens < 0 || tens > 9 || ones < 0 || ones > 9) return false;
  if (end > from + 12 && b[from + 12] !== SPACE) return false;
  if (!cleanValue(b, from, end)) return false;
  fields.status = hundreds * 100 + tens * 10 + ones;
  fields.statusText = format.dictionaries.statusText.codeOfBytes(b, from + 13, trimEnd(b, from + 13, end));
  fields.keepAlive = minor > 0;
  return true;
}

/** A header line, its name `b[from, colon)`: 1 = one we watch, 0 = another, -1 = malformed. */
function readLine(
  b: Uint8Array,
  from: number,
  colon: number,
  end: number,
  format: HeadFormat,
  fields: HeadFields,
): number {
  const watched = format.byNameLength[colon - from];
  if (watched === undefined) return 0;
  let seen = 0;
  // Two names may be one header: target and version.
  for (let i = 0; i < watched.length; i++) {
    const { name, interest } = watched[i]!;
    if (!sameText(b, from, colon, name)) continue;
    let valueFrom = colon + 1;
    while (valueFrom < end && (b[valueFrom] === SPACE || b[valueFrom] === TAB)) valueFrom++;
    if (!take(interest, b, valueFrom, trimEnd(b, valueFrom, end), format.dictionaries, fields)) return -1;
    seen = 1;
  }
  return seen;
}

function take(
  interest: Interest,
  b: Uint8Array,
  from: number,
  to: number,
  d: Dictionaries,
  fields: HeadFields,
): boolean {
  if (interest === 'length') return takeLength(b, from, to, fields);
  if (interest === 'encoding') return takeEncoding(b, from, to, fields);
  if (interest === 'connection') {
    // What nearly every answer says that says anything.
    if (sameText(b, from, to, KEEP_ALIVE)) {
      fields.keepAlive = true;
      return true;
    }
    for (let at = from; at < to; ) {
      const [start, end, next] = token(b, at, to);
      if (sameText(b, start, end, CLOSE)) fields.keepAlive = false;
      // An HTTP/1.0 peer keeps the connection only if it says so; `close` once said stays said.
      else if (sameText(b, start, end, KEEP_ALIVE)) fields.keepAlive = !hasToken(b, from, to, CLOSE);
      at = next;
    }
    return true;
  }
  // Written out: a property by a computed name is looked up in a hash table.
  if (interest === 'server') fields.server ||= d.server.codeOfBytes(b, from, to);
  else if (interest === 'target') fields.target ||= d.target.codeOfBytes(b, from, to);
  else if (interest === 'version') fields.version ||= d.version.codeOfBytes(b, from, to);
  else fields.bootId ||= d.bootId.codeOfBytes(b, from, to);
  return true;
}

/** Digits only; the same length said twice is one length, two lengths are none. */
function takeLength(b: Uint8Array, from: number, to: number, fields: HeadFields): boolean {
  if (to === from || to - from > 15) return false;
  let length = 0;
  for (let i = from; i < to; i++) {
    const digit = b[i]! - 48;
    if (digit < 0 || digit > 9) return false;
    length = length * 10 + digit;
  }
  if (fields.contentLength >= 0 && fields.contentLength !== length) return false;
  fields.contentLength = length;
  return true;
}

function takeEncoding(b: Uint8Array, from: number, to: number, fields: HeadFields): boolean {
  for (let at = from; at < to; ) {
    const [start, end, next] = token(b, at, to);
    if (end > start) {
      const chunked = sameText(b, start, end, CHUNKED);
      if (chunked && fields.transferEncoding === 1) return false;
      fields.transferEncoding = chunked ? 1 : 2;
    }
    at = next;
  }
  return fields.transferEncoding !== 0;
}

/** The comma-separated item at `at`: its trimmed bounds and where the next one starts. */
function token(b: Uint8Array, at: number, to: number): [start: number, end: number, next: number] {
  let start = at;
  while (start < to && (b[start] === SPACE || b[start] === TAB)) start++;
  let comma = start;
  while (comma < to && b[comma] !== COMMA) comma++;
  return [start, trimEnd(b, start, comma), comma + 1];
}

function hasToken(b: Uint8Array, from: number, to: number, name: Uint8Array): boolean {
  for (let at = from; at < to; ) {
    const [start, end, next] = token(b, at, to);
    if (sameText(b, start, end, name)) return true;
    at = next;
  }
  return false;
}

function trimEnd(b: Uint8Array, from: number, to: number): number {
  let end = to;
  while (end > from && (b[end - 1] === SPACE || b[end - 1] === TAB)) end--;
  return end;
}

/** No NUL and no bare CR: both are how one head is smuggled into another. */
function cleanValue(b: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (b[i] === 0 || b[i] === CR) return false;
  return true;
}

/** ASCII comparison without regard to case; `lower` is lower case. */
function sameText(b: Uint8Array, from: number, to: number, lower: Uint8Array): boolean {
  if (to - from !== lower.length) return false;
  for (let i = 0; i < lower.length; i++) {
    const c = b[from + i]!;
    if ((c >= 65 && c <= 90 ? c | 32 : c) !== lower[i]) return false;
  }
  return true;
}
