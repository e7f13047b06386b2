import { clock, count, duration } from '../figures.js';
import type { Band } from './bands.js';
import { html, type Markup } from './markup.js';
import { type LineChart, linesSvg, reduced } from './svg/lines.js';
import { lineSwatch } from './svg/palette.js';

const MOST_ROWS = 45;

/** The numbers under a chart, at most 45 rows; where buckets join, the caption says how. */
function dataTable(chart: LineChart): Markup {
  const length = chart.lines[0]?.values.length ?? 0;
  const per = Math.max(1, Math.ceil(length / MOST_ROWS));
  const columns = chart.lines.map((l) => reduced(l, MOST_ROWS));
  const rows = Array.from({ length: Math.ceil(length / per) }, (_, i) => i);
  const rowMs = per * chart.bucketMs;
  const note = chart.lines.map((l) => `${l.label}: ${l.reduce === 'max' ? 'highest bucket' : 'mean'}`).join('; ');
  const cell = (v: number | null | undefined): string =>
    v === null || v === undefined ? '–' : count(Math.round(v * 10) / 10);
  return html`<details class="data"><summary>Numbers of this chart</summary><div class="scroll" role="region" tabindex="0" aria-label="Numbers: ${chart.title}"><table class="numbers"><caption>${chart.unit}, one row per ${duration(rowMs)} (${note} of ${chart.bucketWord})</caption><thead><tr><th scope="col">from</th>${chart.lines.map((l) => html`<th scope="col">${l.label}</th>`)}</tr></thead><tbody>${rows.map(
    (i) => html`<tr><td>${clock(chart.from + i * rowMs)}</td>${columns.map((c) => html`<td>${cell(c[i])}</td>`)}</tr>`,
  )}</tbody></table></div></details>`;
}

/** A line chart with legend, still picture (replaced by the live chart where the script runs) and its numbers. */
export function chartFigure(chart: LineChart, bands: readonly Band[], durationMs: number): Markup {
  const legend = chart.lines.map((l) => html`<li>${lineSwatch(l.look)} ${l.label}</li>`);
  return html`<figure class="plot"><figcaption><span class="plot-title">${chart.title}</span><ul class="legend">${legend}</ul>${chart.note === undefined ? null : html`<span class="soft">${chart.note}</span>`}</figcaption><div class="live" id="${chart.id}" hidden role="img" aria-label="${chart.title}. ${chart.description}"></div><div class="still">${linesSvg(chart, bands, durationMs)}</div>${dataTable(chart)}</figure>`;
}
