import { oneLine, visibleText } from './visible-text.js';

/**
 * Untrusted or formatted text for a terminal, on one line: control characters cannot move the cursor, recolour or
 * reorder, and the no-break spaces of figures become ordinary ones so that output greps and wraps as typed.
 */
export function plainLine(text: string, limit = 400): string {
  return inert(oneLine(text, limit).replaceAll('\u00a0', ' ').trim());
}

/** GitHub's runner takes a line that begins with `::`, or holds `##[` anywhere, for a command to itself. */
function inert(line: string): string {
  return line.replace(/^::(?=[a-z])/i, '\\::').replaceAll('##[', '##\\[');
}

/** Like {@link plainLine} for text of several lines; each line is safe, at most `limit` characters in all. */
export function plainBlock(text: string, limit = 4000): string {
  const safe = visibleText(text).replaceAll('\u00a0', ' ').trim();
  return safe.length <= limit ? safe : `${visibleText(safe.slice(0, limit - 1))}…`;
}
