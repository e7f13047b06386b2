export const COMMA = 44;
export const NEWLINE = 10;
export const QUOTE = 34;
const DOT = 46;
const ZERO = 48;

/** Position of `byte` in [from, to), or `to`. A plain loop: fields are short, and a native call costs more than they do. */
export function seek(bytes: Uint8Array, byte: number, from: number, to: number): number {
  let at = from;
  while (at < to && bytes[at] !== byte) at++;
  return at;
}

/** The digits of [from, to) as a number; NaN when anything else is among them or there are none. */
export function digits(bytes: Uint8Array, from: number, to: number): number {
  if (from >= to || to - from > 16) return Number.NaN;
  let value = 0;
  for (let at = from; at < to; at++) {
    const digit = bytes[at]! - ZERO;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

const SCALE = [1, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9];

/** A plain decimal such as `0.337851` in [from, to); NaN otherwise. */
export function decimal(bytes: Uint8Array, from: number, to: number): number {
  let value = 0;
  let scale = -1;
  for (let at = from; at < to; at++) {
    const byte = bytes[at]!;
    if (byte === DOT && scale < 0) {
      scale = 0;
      continue;
    }
    const digit = byte - ZERO;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
    if (scale >= 0) scale++;
  }
  if (from >= to) return Number.NaN;
  return scale <= 0 ? value : value * (SCALE[scale] ?? 10 ** -scale);
}

/** Whether [from, to) holds exactly these bytes. */
export function same(bytes: Uint8Array, from: number, to: number, word: Uint8Array): boolean {
  if (to - from !== word.length) return false;
  for (let i = 0; i < word.length; i++) if (bytes[from + i] !== word[i]) return false;
  return true;
}

/**
 * One CSV line as its fields, quotes undone (RFC 4180). For header lines and the rare row that is quoted; a line whose
 * quotes do not close gives null.
 */
export function csvFields(line: string): string[] | null {
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    if (line.charCodeAt(at) !== QUOTE) {
      const end = line.indexOf(',', at);
      fields.push(line.slice(at, end < 0 ? undefined : end));
      if (end < 0) return fields;
      at = end + 1;
      continue;
    }
    const close = closingQuote(line, at + 1);
    if (close < 0) return null;
    fields.push(line.slice(at + 1, close).replaceAll('""', '"'));
    if (close + 1 >= line.length) return fields;
    if (line.charCodeAt(close + 1) !== COMMA) return null;
    at = close + 2;
  }
}

function closingQuote(line: string, from: number): number {
  for (let at = line.indexOf('"', from); at >= 0; at = line.indexOf('"', at + 2))
    if (line.charCodeAt(at + 1) !== QUOTE) return at;
  return -1;
}
