import type { FailureRow, RunResult } from '../../../domain/result.js';
import { clock, count, counted, duration } from '../../figures.js';
import { oneLine } from '../../visible-text.js';
import { instant } from '../instant.js';
import { type Hole, html, type Markup } from '../markup.js';
import { zoomLink } from '../svg/lanes.js';
import { section, table } from '../table.js';

/** Failures shown on the page; the rest is in failures.ndjson. */
export const FAILURES_SHOWN = 1000;

const ORIGIN_WORD = {
  app: 'app',
  lb: 'load balancer',
  path: 'network path',
  client: 'client',
  unknown: 'unknown',
} as const;

/** The lane, and with several requests which of them. */
function laneText({ lane, request }: Pick<FailureRow, 'lane' | 'request'>): string {
  return request === undefined ? lane : `${lane}, ${oneLine(request, 63)}`;
}

function groups(result: RunResult): Hole {
  const rows = result.errors.map(
    (g) =>
      html`<tr><td class="n"><strong>${count(g.count)}</strong></td><td><code>${g.class}</code></td><td>${g.status === null ? null : `${g.status} `}${oneLine(g.detail, 200)}</td><td>${ORIGIN_WORD[g.origin]}</td><td>${g.phase ?? '–'}</td><td>${g.target ?? 'not named'}</td><td>${laneText(g)}</td><td class="n nowrap"><a href="${zoomLink(g.firstAt, g.lastAt)}">${instant(g.firstAt, 3)} – ${instant(g.lastAt, 3)}</a></td></tr>`,
  );
  const heads = [
    { n: 'count' },
    'class',
    'status or code',
    'made by',
    'phase',
    'target',
    'lane',
    { n: 'first – last' },
  ];
  return table('Error groups', heads, rows);
}

const NONE = '–';

function failureRow(f: FailureRow, manySources: boolean): Markup {
  const took = f.endedAt === null ? null : f.endedAt - (f.sentAt ?? f.scheduledAt);
  const at = f.errorPhase === 'none' ? null : html` <i>in ${f.errorPhase}</i>`;
  return html`<tr><td data-at="${Math.round(f.scheduledAt)}">${clock(f.scheduledAt, 3)}</td><td>${f.phase ?? NONE}</td><td>${f.target ?? NONE}</td><td>${f.class}</td><td>${f.status === null ? null : `${f.status} `}${oneLine(f.detail, 160)}${at}</td><td>${took === null ? NONE : duration(took)}</td><td>${laneText(f)}</td><td>${f.version}</td><td>${f.remoteIp}</td><td>${manySources ? f.source : null}#${f.seq}</td></tr>`;
}

function picker(name: string, column: number, values: readonly string[]): Markup {
  const options = [...new Set(values)].sort().map((v) => html`<option value="${v}">${v}</option>`);
  return html`<label>${name} <select data-column="${column}"><option value="">all</option>${options}</select></label>`;
}

function samples(result: RunResult): Hole {
  const shown = result.failures.slice(0, FAILURES_SHOWN);
  const all = result.failures.length + result.failuresOmitted;
  const kept =
    result.failuresOmitted > 0
      ? `; failures.ndjson keeps the first ${count(result.failures.length)}`
      : '; all are in failures.ndjson';
  const note =
    all > shown.length
      ? `The first ${count(shown.length)} of ${counted(all, 'failure')}${kept}.`
      : `All ${counted(all, 'failure')}.`;
  const many = new Set(shown.map((f) => f.source)).size > 1;
  const pickers = [
    picker(
      'phase',
      1,
      shown.map((f) => f.phase ?? NONE),
    ),
    picker(
      'target',
      2,
      shown.map((f) => f.target ?? NONE),
    ),
    picker(
      'class',
      3,
      shown.map((f) => f.class),
    ),
  ];
  const heads = [
    { n: 'scheduled' },
    'phase',
    'target',
    'class',
    'status or code',
    { n: 'took' },
    'lane',
    'version',
    'address',
    { n: 'record' },
  ];
  return html`<details class="samples"${shown.length <= 50 ? html` open` : null}><summary>Failed requests, one by one</summary><p class="soft">${note}</p><div class="filter live-only" id="filter" hidden>${pickers}<output id="filter-count" aria-live="polite"></output></div>${table(
    'Failed requests',
    heads,
    shown.map((f) => failureRow(f, many)),
    'small failures',
  )}</details>`;
}

/** Error groups, then the failed requests one by one. */
export function errorsSection(result: RunResult): Markup {
  const none = result.errors.length === 0 && result.failures.length === 0;
  return section(
    'errors',
    'Errors',
    none
      ? null
      : html`${result.errors.length === 0 ? null : groups(result)}${result.failures.length === 0 ? null : samples(result)}`,
    none ? 'No request failed.' : null,
  );
}
