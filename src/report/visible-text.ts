// Terminal escape sequences that are complete: CSI, OSC/DCS/APC with their end, and the two-character ones.
const ANSI =
  /\u001b\[[0-?]*[ -/]*[@-~]|\u001b[\]PX^_][^\u0007\u001b\u009c]{0,4096}(?:\u0007|\u001b\\|\u009c)|\u001b[ -/]*[0-Z\\^-~]/g;
// C0 (without tab and newline), DEL, C1, bidi and line-separator controls, non-characters and lone surrogates.
const UNSAFE =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef\ufeff\ufffe\uffff]|\p{Surrogate}/gu;

function pictured(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return '\u2421';
  if (code < 0xa0 || code >= 0xd800) return '\ufffd';
  return `\\u${code.toString(16).padStart(4, '0')}`;
}

/**
 * Untrusted text (headers, status lines, deploy output) as something a reader can see whole: terminal colours go,
 * other control characters become pictures, what is no Unicode text becomes U+FFFD, and bidirectional overrides
 * lose their power to reorder. Newlines and tabs stay. Does not escape markup.
 */
export function visibleText(text: string): string {
  return text.replace(/\r\n?/g, '\n').replace(ANSI, '').replace(UNSAFE, pictured);
}

/** `visibleText` on one line, at most `limit` characters (code units), ended by … when cut. */
export function oneLine(text: string, limit = 400): string {
  const flat = visibleText(text.length > limit * 8 ? text.slice(0, limit * 8) : text).replace(/\s*\n\s*/g, ' \u23ce ');
  return flat.length <= limit ? flat : visibleText(`${flat.slice(0, limit - 1)}\u2026`);
}
