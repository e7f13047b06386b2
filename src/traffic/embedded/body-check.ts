/**
 * Looks for a text in a body that arrives in pieces, byte by byte (Knuth–Morris–Pratt): constant memory whatever the
 * body's size, and a text split over two pieces is found.
 */
export interface BodyCheck {
  readonly text: Uint8Array;
  /** `fallback[i]`: how many bytes still match after a mismatch at position i. */
  readonly fallback: Uint32Array;
}

/** Null when no text is asked for. The text is compared as UTF-8. */
export function bodyCheck(contains: string | null): BodyCheck | null {
  if (contains === null) return null;
  const text = Buffer.from(contains, 'utf8');
  const fallback = new Uint32Array(text.length);
  for (let i = 1, k = 0; i < text.length; i++) {
    while (k > 0 && text[i] !== text[k]) k = fallback[k - 1]!;
    if (text[i] === text[k]) k++;
    fallback[i] = k;
  }
  return { text, fallback };
}

/** Bytes matched after `bytes[from, to)` when `matched` were before; equal to the text's length = found. */
export function advance(check: BodyCheck, matched: number, bytes: Uint8Array, from: number, to: number): number {
  const { text, fallback } = check;
  let k = matched;
  for (let i = from; i < to && k < text.length; i++) {
    while (k > 0 && bytes[i] !== text[k]) k = fallback[k - 1]!;
    if (bytes[i] === text[k]) k++;
  }
  return k;
}
