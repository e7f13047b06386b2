import type { Comparison } from '../../domain/comparison.js';
import { markdownTable, markdownText } from '../markdown-escape.js';
import { ROW_COLUMNS } from './row-texts.js';

/** `comparison.md`: the table in the style of hyperfine, for a pull request or a ticket. */
export function comparisonMarkdown(comparison: Comparison): string {
  const { name, place, headline } = comparison;
  const where = `${markdownText(place.environment, 60)}, ${markdownText(place.balancerName, 80)}`;
  const parts = [
    `# ${markdownText(name, 80)}: ${comparison.kind === 'study' ? 'sleeps compared' : 'runs compared'}`,
    where,
  ];
  parts.push(`**${markdownText(headline, 900)}**`, table(comparison));
  for (const { run, changes } of comparison.changes) parts.push(changesTable(comparison, run, changes));
  if (comparison.proves.length > 0) parts.push('## What it proves', list(comparison.proves));
  if (comparison.doesNotProve.length > 0) parts.push('## What it does not prove', list(comparison.doesNotProve));
  return `${parts.join('\n\n')}\n`;
}

function table(comparison: Comparison): string {
  const rows = comparison.rows.map((row) => ROW_COLUMNS.map((c) => markdownText(c.of(row, comparison), 120)));
  return markdownTable(
    ROW_COLUMNS.map((c) => c.head),
    rows,
    { right: ROW_COLUMNS.filter((c) => c.figures).map((c) => c.head) },
  );
}

const MARK = { better: '▲ better', worse: '▼ worse', same: '=' } as const;

function changesTable(comparison: Comparison, run: number, changes: Comparison['changes'][number]['changes']): string {
  const named = (index: number): string => markdownText(comparison.rows[index]?.variant.label ?? '', 80);
  const rows = changes.map((c) => [c.what, markdownText(c.from), markdownText(c.to), MARK[c.judgement]]);
  return `## ${named(run)} against ${named(0)}\n\n${markdownTable(['Figure', 'First', 'This', 'Change'], rows, { right: ['First', 'This'] })}`;
}

const list = (items: readonly string[]): string => items.map((item) => `- ${markdownText(item, 900)}`).join('\n');
