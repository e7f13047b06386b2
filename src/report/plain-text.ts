import { oneLine, visibleText } from './visible-text.js';

/**
 * Untrusted or formatted text for a terminal, on one line: control characters cannot move the cursor, recolour or
 * reorder, and the no-break spaces of figures become ordinary ones so that output greps and wraps as typed.
 */
export function plainLine(text: string, limit = 400): string {
  return oneLine(text, limit).replaceAll('\u00a0', ' ').trim();
}

/** Like {@link plainLine} for text of several lines; each line is safe, at most `limit` characters in all. */
export function plainBlock(text: string, limit = 4000): string {
  const safe = visibleText(text).replaceAll('\u00a0', ' ').trim();
  return safe.length <= limit ? safe : `${visibleText(safe.slice(0, limit - 1))}…`;
}
