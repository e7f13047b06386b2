import type { ExpectedEnd } from '../../src/domain/scenario.js';
import type { Outcome } from './outcome.js';

/** What happened to one scenario over all its rounds. */
export interface MatrixRow {
  readonly name: string;
  readonly description: string;
  readonly expect: ExpectedEnd;
  readonly seen: readonly Outcome[];
  readonly asExpected: number;
}

/** The detection matrix as a Markdown table: one line per scenario. */
export function matrixTable(rows: readonly MatrixRow[]): string {
  const lines = rows.map((row) => {
    const failed = row.seen.map((o) => o.failed);
    const causes = top(row.seen.flatMap((o) => o.causes));
    return `| ${row.name} | ${row.description} | ${row.expect.verdict} | ${top(row.seen.map((o) => o.verdict))} | ${top(row.seen.flatMap((o) => o.codes))} | ${causes} | ${range(failed)} | ${row.asExpected} of ${row.seen.length} |`;
  });
  return [
    '| scenario | what is done | must be | was | codes | first cause | failed requests | as expected |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...lines,
    '',
  ].join('\n');
}

/** Most frequent first; each once. */
function top(words: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const w of words) counts.set(w, (counts.get(w) ?? 0) + 1);
  const sorted = [...counts].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]));
  return sorted.map(([w]) => w).join(', ') || '–';
}

function range(values: readonly number[]): string {
  const low = Math.min(...values);
  const high = Math.max(...values);
  return low === high ? `${low}` : `${low}–${high}`;
}
