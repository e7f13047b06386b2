// The tables of the verdict study, as text and as Markdown.

/** Every table of the study: a title, column heads, and rows of text. */
export function tablesOf(reports, simulator) {
  return [verdictTable(reports), coverageTable(reports, simulator), causeTable(reports)].filter(
    ({ rows }) => rows.length > 0,
  );
}

function verdictTable(reports) {
  return {
    title: 'verdicts',
    heads: ['kind', 'runs', 'PASS', 'FAIL', 'INCONCLUSIVE', 'required', 'broken in'],
    rows: reports.map(({ kind, runs, verdicts: v, wrong, demanded }) => [
      kind.name,
      runs,
      v.PASS,
      v.FAIL,
      v.INCONCLUSIVE + v.ERROR,
      kind.demand ?? '(reported)',
      kind.demand === null ? '' : `${wrong.length} of ${demanded}`,
    ]),
  };
}

function coverageTable(reports, { NOMINAL, coverageLimit }) {
  return {
    title: 'coverage of the intervals',
    heads: ['kind', 'interval', 'covers', 'of', 'nominal', 'at least (3 σ)', 'holds'],
    rows: reports.flatMap(({ kind, coverage }) =>
      [...coverage].map(([name, { held, of }]) => {
        const limit = coverageLimit(NOMINAL[name], of);
        return [
          kind.name,
          name,
          percent(held / of),
          of,
          percent(NOMINAL[name]),
          percent(limit / of),
          held >= limit ? 'yes' : 'NO',
        ];
      }),
    ),
  };
}

function causeTable(reports) {
  return {
    title: 'first-ranked cause, of the runs in which something failed',
    heads: ['kind', 'right', 'ranks first', 'of', 'seen first in some outage (runs)'],
    rows: reports
      .filter(({ attribution }) => attribution.of > 0)
      .map(({ kind, attribution: { held, of }, causes }) => [
        kind.name,
        kind.cause ?? 'none of the deploy',
        percent(held / of),
        of,
        [...causes]
          .sort((a, b) => b[1] - a[1])
          .map(([code, n]) => `${code} ${n}`)
          .join(', '),
      ]),
  };
}

function percent(share) {
  return `${(100 * share).toFixed(2)} %`;
}

/** A table for the terminal. */
export function asText({ title, heads, rows }) {
  const width = heads.map((head, i) =>
    Math.max(...[head, ...rows.map((row) => row[i])].map((cell) => `${cell}`.length)),
  );
  const line = (row) =>
    row
      .map((cell, i) => (typeof cell === 'number' ? `${cell}`.padStart(width[i]) : `${cell}`.padEnd(width[i])))
      .join('  ');
  return [title, ...[heads, ...rows].map((row) => line(row).trimEnd())].join('\n');
}

/** A table for a page. */
export function asMarkdown({ title, heads, rows }) {
  const line = (row) => `| ${row.join(' | ')} |`;
  const marks = heads.map((_, i) => (typeof rows[0]?.[i] === 'number' ? '--:' : '---'));
  return [
    `**${title}**\n`,
    line(heads),
    line(marks),
    ...rows.map((row) => line(row.map((cell) => (typeof cell === 'number' ? cell.toLocaleString('en') : cell)))),
  ].join('\n');
}
