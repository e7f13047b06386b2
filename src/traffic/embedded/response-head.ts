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
  return { dictionaries, byNameLength };
}

/** Bytes that may stand in a header name (RFC 9110 token). */
const TOKEN = new Uint8Array(256);
for (const c of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
  TOKEN[c.charCodeAt(0)] = 1;

const CHUNKED = Buffer.from('chunked');
const CLOSE = Buffer.from('close');
const KEEP_ALIVE = Buffer.from('keep-alive');

/**
 * Reads a whole head, `bytes[from, to)` with its empty last line, into `fields`. False = not HTTP/1.x, or framing that
 * cannot be trusted (two lengths, length and encoding together, a folded framing header). A bare LF ends a line too
 * (RFC 9112 §2.2); of a repeated identity header the first one counts.
 */
export function readHead(bytes: Uint8Array, from: number, to: number, format: HeadFormat, fields: HeadFields): boolean {
  clear(fields);
  let at = lineEnd(bytes, from, to);
  if (!readStatusLine(bytes, from, contentEnd(bytes, from, at), format, fields)) {
    clear(fields);
    return false;
  }
  let watchedBefore = true;
  for (at += 1; at < to; ) {
    const lf = lineEnd(bytes, at, to);
    const end = contentEnd(bytes, at, lf);
    if (end === at) break;
    const first = bytes[at]!;
    if (first === SPACE || first === TAB) {
      // Obsolete folding: harmless unless it goes on from a header that matters to us.
      if (watchedBefore || !cleanValue(bytes, at, end)) return false;
    } else {
      const seen = readLine(bytes, at, end, format, fields);
      if (seen < 0) return false;
      watchedBefore = seen > 0;
    }
    at = lf + 1;
  }
  return fields.transferEncoding === 0 || fields.contentLength < 0;
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

/** 1 = a header we watch, 0 = another one, -1 = malformed. */
function readLine(b: Uint8Array, from: number, end: number, format: HeadFormat, fields: HeadFields): number {
  let colon = from;
  while (colon < end && TOKEN[b[colon]!] === 1) colon++;
  if (colon === from || colon === end || b[colon] !== COLON) return -1;
  if (!cleanValue(b, colon + 1, end)) return -1;
  const watched = format.byNameLength[colon - from];
  if (watched === undefined) return 0;
  let seen = 0;
  let valueFrom = colon + 1;
  while (valueFrom < end && (b[valueFrom] === SPACE || b[valueFrom] === TAB)) valueFrom++;
  const valueTo = trimEnd(b, valueFrom, end);
  for (const { name, interest } of watched) {
    if (!sameText(b, from, colon, name)) continue;
    if (!take(interest, b, valueFrom, valueTo, format.dictionaries, fields)) return -1;
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
    for (let at = from; at < to; ) {
      const [start, end, next] = token(b, at, to);
      if (sameText(b, start, end, CLOSE)) fields.keepAlive = false;
      // An HTTP/1.0 peer keeps the connection only if it says so; `close` once said stays said.
      else if (sameText(b, start, end, KEEP_ALIVE)) fields.keepAlive = !hasToken(b, from, to, CLOSE);
      at = next;
    }
    return true;
  }
  if (fields[interest] === 0) fields[interest] = d[interest].codeOfBytes(b, from, to);
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
