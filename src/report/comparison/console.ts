import type { Comparison } from '../../domain/comparison.js';
import { ansiStyle, type StyleName } from '../ansi-style.js';
import { plainLine } from '../plain-text.js';
import { ROW_COLUMNS, type RowColumn } from './row-texts.js';

const SHOWN = new Set([
  'Variant',
  'Runs',
  'With downtime',
  'P(downtime) ≤',
  'Failed',
  'Longest need',
  'Deploy time',
  'Standing',
]);
const COLOUR: Readonly<Record<Comparison['standing'], StyleName>> = {
  proven: 'green',
  observed: 'yellow',
  none: 'yellow',
  'other-cause': 'red',
};

/** The end of `compare` on a terminal: the table, then the sentence to act on. */
export function comparisonConsole(
  comparison: Comparison,
  options: { readonly color: boolean; readonly page: string },
): string {
  const style = ansiStyle(options.color);
  const columns = ROW_COLUMNS.filter((c) => SHOWN.has(c.head));
  const changes = comparison.changes.flatMap(({ run, changes }) => {
    const worth = changes.filter((c) => c.judgement !== 'same');
    const label = plainLine(comparison.rows[run]?.variant.label ?? '', 80);
    return worth.map((c) => {
      const colour = c.judgement === 'worse' ? 'red' : 'green';
      return `  ${style(colour, c.judgement)}  ${label}: ${c.what} ${plainLine(c.from)} → ${plainLine(c.to)}`;
    });
  });
  const colour = comparison.kind === 'runs' ? 'bold' : COLOUR[comparison.standing];
  return [
    ...tableLines(comparison, columns),
    '',
    ...changes,
    style(colour, plainLine(comparison.headline, 900)),
    `page ${plainLine(options.page)}`,
    '',
  ].join('\n');
}

function tableLines(comparison: Comparison, columns: readonly RowColumn[]): string[] {
  const cells = comparison.rows.map((row) => columns.map((c) => plainLine(c.of(row, comparison), 60)));
  const widths = columns.map((c, i) => Math.max(c.head.length, ...cells.map((line) => line[i]?.length ?? 0)));
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, i) => (columns[i]?.figures === true ? text.padStart(widths[i] ?? 0) : text.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd();
  return [line(columns.map((c) => c.head)), ...cells.map(line)];
}
