import type { VerdictKind } from '../../domain/verdict.js';
import { count, counted, duration, percent, wallTime } from '../figures.js';
import { blockHash } from '../html/content-policy.js';
import { statusMark } from '../html/icon.js';
import { type Hole, html, type Markup, raw } from '../html/markup.js';
import { section, table } from '../html/table.js';
import { oneLine } from '../visible-text.js';
import type { RunSummary } from './run-summary.js';

/** One run below the served folder. */
export interface RunEntry {
  /** Path below the folder, one part per folder: untrusted names. */
  readonly path: readonly string[];
  /** Null when it has no readable result: killed, or never reported. */
  readonly summary: RunSummary | null;
}

const MARK = { PASS: 'pass', FAIL: 'fail', INCONCLUSIVE: 'inconclusive', ERROR: 'warning' } as const;
const LETTER = { PASS: 'P', FAIL: 'F', INCONCLUSIVE: '?', ERROR: '!' } as const;
/** Runs in a scenario's strip. */
const TREND_MAX = 40;

/** Address of a run's report below the server's root. */
export const reportAddress = (path: readonly string[]): string =>
  `/runs/${path.map(encodeURIComponent).join('/')}/report.html`;

/** The policy of the index: its own style and nothing else. */
export const indexPolicy = (css: string): string =>
  `default-src 'none'; style-src ${blockHash(css)}; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** All runs, the newest first, and the trend of each scenario. `omitted`: runs that were found but not read. */
export function renderRunsIndex(entries: readonly RunEntry[], omitted: number, css: string): string {
  const sorted = [...entries].sort((a, b) => (startOf(a) < startOf(b) ? 1 : startOf(a) > startOf(b) ? -1 : 0));
  const lead =
    omitted === 0 ? null : `The newest ${count(entries.length)} of ${counted(entries.length + omitted, 'run')}.`;
  const body =
    sorted.length === 0
      ? html`<p>No run yet: <code>rollproof demo</code> makes one in 45 seconds.</p>`
      : html`${trends(sorted)}${section('runs', 'Runs', runsTable(sorted), lead)}`;
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><title>rollproof runs</title><link rel="icon" href="data:,"><style>${raw(css)}</style></head>
<body><header><h1 class="index-title"><span class="brand">rollproof</span> runs</h1><p class="when">${counted(entries.length + omitted, 'run')}</p></header><main>${body}</main><footer><p>Served on this machine only.</p></footer></body></html>
`.text;
}

const startOf = (entry: RunEntry): string => entry.summary?.startedAtWall ?? entry.path.at(-1) ?? '';

function trends(sorted: readonly RunEntry[]): Markup {
  const byScenario = new Map<string, RunSummaryAt[]>();
  for (const { path, summary } of sorted) {
    if (summary === null) continue;
    const key = `${summary.scenario} · ${summary.environment}`;
    byScenario.set(key, [{ path, summary }, ...(byScenario.get(key) ?? [])]);
  }
  const rows = [...byScenario].map(
    ([name, runs]) =>
      html`<tr><th scope="row">${oneLine(name, 120)}</th><td>${strip(runs.slice(-TREND_MAX))}</td><td>${words(runs)}</td></tr>`,
  );
  if (rows.length === 0) return html``;
  return section('trend', 'Trend', table('Verdicts by scenario', ['scenario', 'oldest to newest', 'in all'], rows));
}

interface RunSummaryAt {
  readonly path: readonly string[];
  readonly summary: RunSummary;
}

function strip(runs: readonly RunSummaryAt[]): Markup {
  const items = runs.map(({ path, summary: s }) => {
    const said = `${s.verdict}, ${wallTime(s.startedAtWall)}, ${count(s.failed)} of ${count(s.judged)} failed`;
    return html`<li><a class="run-${s.verdict.toLowerCase()}" href="${reportAddress(path)}" title="${said}" aria-label="${said}">${LETTER[s.verdict]}</a></li>`;
  });
  return html`<ol class="strip">${items}</ol>`;
}

/** `4 PASS, 1 FAIL; the last 3 PASS`. */
function words(runs: readonly RunSummaryAt[]): string {
  const kinds: readonly VerdictKind[] = ['PASS', 'FAIL', 'INCONCLUSIVE', 'ERROR'];
  const counts = kinds
    .map((kind) => [kind, runs.filter((r) => r.summary.verdict === kind).length] as const)
    .filter(([, n]) => n > 0)
    .map(([kind, n]) => `${count(n)} ${kind}`);
  const last = runs.at(-1)?.summary.verdict;
  const since = runs.length - 1 - runs.findLastIndex((r) => r.summary.verdict !== last);
  if (runs.length === since) return counts.join(', ');
  return `${counts.join(', ')}; ${since === 1 ? `the last one ${last}` : `the last ${count(since)} ${last}`}`;
}

function runsTable(sorted: readonly RunEntry[]): Markup {
  const rows = sorted.map(({ path, summary }) => {
    const name = oneLine(path.join('/'), 160);
    if (summary === null)
      return html`<tr><td>–</td><td>${name}</td><td colspan="5" class="soft">no readable result here: <code>rollproof report ${name}</code> makes it from the facts</td></tr>`;
    return html`<tr class="${summary.verdict === 'FAIL' ? 'bad-row' : ''}">${cells(path, summary)}</tr>`;
  });
  return table(
    'Runs, the newest first',
    ['verdict', 'run', 'started', { n: 'failed' }, { n: 'longest outage' }, { n: 'deploy' }, 'what was found'],
    rows,
  );
}

function cells(path: readonly string[], s: RunSummary): Hole {
  const rate = s.failed > 0 && s.judged > 0 ? ` (${percent(s.failed / s.judged)})` : '';
  const codes = s.codes.length === 0 ? null : html` <span class="soft">${s.codes.join(' ')}</span>`;
  return html`<td class="nowrap">${statusMark(MARK[s.verdict])} <strong>${s.verdict}</strong></td><td class="run-name"><a href="${reportAddress(path)}">${oneLine(s.scenario, 80)}</a> <span class="soft">${oneLine(s.environment, 40)} ${oneLine(s.version, 40)}</span></td><td class="nowrap">${wallTime(s.startedAtWall) || oneLine(s.startedAtWall, 40)}</td><td class="n">${count(s.failed)} of ${count(s.judged)}${rate}</td><td class="n nowrap">${duration(s.longestOutageMs)}</td><td class="n nowrap">${duration(s.deployMs)}</td><td>${oneLine(s.sentence, 300)}${codes}</td>`;
}
