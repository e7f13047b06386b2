import type { Comparison } from '../../domain/comparison.js';
import { symlog } from '../charts/sweep-chart.js';
import { count, duration } from '../figures.js';
import { html, type Markup, raw } from '../html/markup.js';
import { section } from '../html/table.js';

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [1180, 300, 64, 64, 14, 46];
const LABEL_CHARS = 26;

/** Failures and deploy time against the variants: one dot per run, a line for the time, the recommended column marked. */
export function sweepFigure(comparison: Comparison): Markup {
  const { rows } = comparison;
  const step = (WIDTH - LEFT - RIGHT) / Math.max(1, rows.length);
  const x = (i: number): number => LEFT + step * (i + 0.5);
  const failedTop = Math.max(1, ...rows.map((r) => symlog(r.failedMax)));
  const timeTop = Math.max(1, ...rows.map((r) => r.deployMaxMs ?? 0)) * 1.08;
  const plotted = HEIGHT - TOP - BOTTOM;
  const yFailed = (n: number): number => HEIGHT - BOTTOM - (symlog(n) / failedTop) * plotted;
  const yTime = (ms: number): number => HEIGHT - BOTTOM - (ms / timeTop) * plotted;
  const columns = rows.map((row, i) => {
    const label = row.variant.label;
    const shown = label.length > LABEL_CHARS ? `${label.slice(0, LABEL_CHARS - 1)}…` : label;
    const isMarked = row.standing === 'proven' && rows.findIndex((r) => r.standing === 'proven') === i;
    return html`${isMarked ? html`<rect class="fill-healthy" fill="#a6e0b6" fill-opacity="0.45" x="${(x(i) - step / 2 + 3).toFixed(1)}" y="${TOP}" width="${(step - 6).toFixed(1)}" height="${plotted}"/><text class="lane-name" fill="#1f2328" x="${x(i).toFixed(1)}" y="${TOP + 14}" text-anchor="middle" font-size="12" font-weight="700">recommended</text>` : null}<text class="lane-name" fill="#1f2328" x="${x(i).toFixed(1)}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle" font-size="12">${shown}</text>`;
  });
  const bars = rows.map((row, i) => {
    if (row.failedMax === 0) return null;
    const top = yFailed(row.failedMax);
    return html`<rect class="fill-failed" fill="#cf222e" fill-opacity="0.3" x="${(x(i) - 14).toFixed(1)}" y="${top.toFixed(1)}" width="28" height="${(HEIGHT - BOTTOM - top).toFixed(1)}"/>`;
  });
  const dots = comparison.runs
    .filter((r) => r.counted)
    .map((run, i) => {
      const nudge = ((i % 5) - 2) * 4;
      return html`<circle class="fill-failed" fill="#cf222e" cx="${(x(run.variant) + nudge).toFixed(1)}" cy="${yFailed(run.summary.failed).toFixed(1)}" r="3.2"><title>${run.summary.runId}: ${count(run.summary.failed)} failed</title></circle>`;
    });
  const points = rows.map((r, i) =>
    r.deployMs === null ? null : `${x(i).toFixed(1)},${yTime(r.deployMs).toFixed(1)}`,
  );
  const line = html`<polyline class="stroke-a" stroke="#0969da" stroke-width="2" fill="none" points="${raw(points.filter((p) => p !== null).join(' '))}"/>`;
  const said = rows
    .map((r) => `${r.variant.label}: ${count(r.failed)} failed in ${r.runs} runs, deploy ${duration(r.deployMs)}`)
    .join('; ');
  const svg = html`<svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${said}" width="100%">${axis(failedTop, yFailed)}${timeAxis(timeTop, yTime)}${columns}${bars}${line}${dots}</svg>`;
  const legend = html`<ul class="legend"><li><svg class="swatch" width="12" height="12" aria-hidden="true"><circle class="fill-failed" fill="#cf222e" cx="6" cy="6" r="3.5"/></svg> failed requests, one dot per run (left)</li><li><svg class="swatch" width="22" height="10" aria-hidden="true"><path class="stroke-a" stroke="#0969da" stroke-width="2" d="M0 5h22"/></svg> deploy time, median (right)</li></ul>`;
  return section(
    'sweep',
    'Failures and deploy time',
    html`<figure class="plot"><figcaption>${legend}</figcaption>${svg}</figure>`,
  );
}

const GRID_TICKS = [0, 1, 3, 10, 30, 100, 300, 1000, 3000, 10_000, 100_000, 1_000_000];

function axis(top: number, y: (n: number) => number): Markup {
  const ticks = GRID_TICKS.filter((n) => symlog(n) <= top + 1e-9).filter(
    (n, i, all) => all.length < 8 || i % 2 === 0 || n === 0,
  );
  return html`${ticks.map(
    (n) =>
      html`<path class="grid" stroke="#e3e8ed" d="M${LEFT} ${y(n).toFixed(1)}H${WIDTH - RIGHT}"/><text class="muted" fill="#57606a" x="${LEFT - 8}" y="${(y(n) + 4).toFixed(1)}" text-anchor="end" font-size="12">${count(n)}</text>`,
  )}<text class="muted" fill="#57606a" x="${LEFT}" y="${HEIGHT - 6}" font-size="12">failed requests</text>`;
}

function timeAxis(top: number, y: (ms: number) => number): Markup {
  const ticks = [0, top / 4, top / 2, (top * 3) / 4, top].map((ms) => Math.round(ms / 100) * 100);
  return html`${ticks.map(
    (ms) =>
      html`<text class="muted" fill="#57606a" x="${WIDTH - RIGHT + 8}" y="${(y(ms) + 4).toFixed(1)}" font-size="12">${duration(ms)}</text>`,
  )}<text class="muted" fill="#57606a" x="${WIDTH - RIGHT}" y="${HEIGHT - 6}" font-size="12" text-anchor="end">deploy time</text>`;
}
