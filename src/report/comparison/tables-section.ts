import type { Comparison, Recommendation } from '../../domain/comparison.js';
import { count, duration, percent } from '../figures.js';
import { html, type Markup } from '../html/markup.js';
import { section, table } from '../html/table.js';
import { ROW_COLUMNS } from './row-texts.js';

/** The table of variants. */
export function variantsSection(comparison: Comparison): Markup {
  const rows = comparison.rows.map((row) => {
    const cells = ROW_COLUMNS.slice(1).map(
      (c) => html`<td class="${c.figures ? 'n' : ''}">${c.of(row, comparison)}</td>`,
    );
    return html`<tr class="${row.bad > 0 ? 'bad-row' : ''}"><th scope="row" class="nowrap">${row.variant.label}</th>${cells}</tr>`;
  });
  const heads = ROW_COLUMNS.map((c) => (c.figures ? { n: c.head } : c.head));
  const lead =
    'Undecided runs are repeated and never counted. P(downtime) ≤: exact upper bound, each variant by itself.';
  return section('variants', 'The table', table('Variants', heads, html`${rows}`, 'small'), lead);
}

const WORD = { better: '▲ better', worse: '▼ worse', same: 'same' } as const;

/** Side by side: every run against the first; nothing for a study. */
export function changesSection(comparison: Comparison): Markup | null {
  if (comparison.changes.length === 0) return null;
  const label = (run: number): string => comparison.rows[run]?.variant.label ?? '';
  const body = comparison.changes.map(({ run, changes }) => {
    const rows = changes.map(
      (c) =>
        html`<tr class="${c.judgement === 'worse' ? 'bad-row' : ''}"><th scope="row">${c.what}</th><td class="n">${c.from}</td><td class="n">${c.to}</td><td>${WORD[c.judgement]}</td></tr>`,
    );
    const heads = ['Figure', { n: 'First' }, { n: 'This' }, 'Change'];
    return html`<h3>${label(run)} against ${label(0)}</h3>${table(`Changes of ${label(run)}`, heads, html`${rows}`)}`;
  });
  return section(
    'changes',
    'What changed',
    html`${body}`,
    'Differences within the figures’ own noise are called the same.',
  );
}

/** How each sleep stands by need and by runs. */
export function methodSection({ recommendations }: Comparison): Markup | null {
  if (recommendations.length === 0) return null;
  const lead =
    'By need: every run that slept at least this long is a trial of this sleep too, so its α is divided by the number of sleeps. By runs: outcomes alone, from the longest sleep down, until the first that does not hold. Where both ways are looked at, each has half of α: the confidence is that of the recommendation, whichever way it was found.';
  return section('method', 'How the sleeps were judged', html`${recommendations.map(methodTable)}`, lead);
}

function methodTable(r: Recommendation): Markup {
  const rows = r.table.map(
    (t) =>
      html`<tr><th scope="row">${duration(t.sleepMs)}</th><td class="n">${t.needMore} of ${t.trials}</td><td class="n">${percent(t.needUpper, 'up')}</td><td>${t.needShown ? 'shown' : 'not shown'}</td><td class="n">${t.bad} of ${t.runs}</td><td class="n">${percent(t.runsUpper, 'up')}</td><td>${t.runsShown ? 'shown' : 'not shown'}</td></tr>`,
  );
  const heads = [
    'Sleep',
    { n: 'Needed more' },
    { n: 'At most' },
    'By need',
    { n: 'With downtime' },
    { n: 'At most' },
    'By runs',
  ];
  const title = `${r.of}${r.group === '' ? '' : `, ${r.group}`}: wanted at most ${percent(r.limit)}, confidence ${percent(1 - r.alpha)}${r.hasNeed ? ' for both ways together' : ''}`;
  return html`<h3>${title}</h3>${table(title, heads, html`${rows}`)}`;
}

/** Every attempt, folded away. */
export function runsSection(comparison: Comparison): Markup {
  const rows = comparison.runs.map((run) => {
    const s = run.summary;
    return html`<tr class="${s.verdict === 'FAIL' ? 'bad-row' : ''}"><th scope="row">${comparison.rows[run.variant]?.variant.label ?? ''}</th><td class="n">${run.block + 1}</td><td>${s.verdict}${run.counted ? '' : ', not counted'}</td><td class="n">${count(s.failed)} of ${count(s.judged)}</td><td class="n">${duration(s.deployMs)}</td><td>${s.version}</td><td class="why">${s.sentence}</td><td><code>${s.dir}</code></td></tr>`;
  });
  const heads = [
    'Variant',
    { n: 'Repeat' },
    'Verdict',
    { n: 'Failed' },
    { n: 'Deploy time' },
    'Version',
    'In short',
    'Directory',
  ];
  const list = table('Runs in the order they were made', heads, html`${rows}`);
  const { command } = comparison;
  return section(
    'runs',
    'Every run',
    html`<details><summary>${comparison.runs.length} runs in the order they were made</summary>${list}</details><h3>Again</h3><pre>${command.join(' ')}</pre>`,
  );
}
