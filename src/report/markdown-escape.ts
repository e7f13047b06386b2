import { plainLine } from './plain-text.js';

/**
 * Untrusted text on one line of GitHub-flavoured Markdown, safe in a table cell: no markup, no HTML, no links
 * made by themselves, no new row.
 */
export function markdownText(text: string, limit = 300): string {
  return plainLine(text, limit)
    .replace(/[\\`*_{}[\]<>|~#$]/g, '\\$&')
    .replaceAll('&', '&amp;')
    .replace(/:(?=\/\/)/g, '\\:')
    .replace(/\bwww\./gi, (found) => `${found.slice(0, 3)}\\.`)
    .replaceAll('@', '@\u2060')
    .replace(/^[-+=](?=\s|$)/, '\\$&')
    .replace(/^(\d+)([.)])(?=\s|$)/, '$1\\$2');
}

/** How a table is laid out: `right` names the columns of figures, `limit` the rows shown. */
export interface TableOptions {
  readonly right: readonly string[];
  readonly limit?: number;
}

/** A table of escaped cells; when rows are left out it says how many. */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  options: TableOptions,
): string {
  const { right, limit = 60 } = options;
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rule = line(head.map((name) => (right.includes(name) ? '--:' : ':--')));
  const kept = rows.slice(0, limit).map(line);
  const more = rows.length > limit ? ['', `… and ${rows.length - limit} more rows in report.html.`] : [];
  return [line(head), rule, ...kept, ...more].join('\n');
}
