import type { Series } from '../../../domain/result.js';
import { count, duration } from '../../figures.js';
import type { Band } from '../bands.js';
import { html, type Markup } from '../markup.js';
import { bandColumns, chartSvg, FRAME, timeAxis, timeScale } from './frame.js';

const ROW = 13;
const TOP = 8;
/** Light to dark; the dark theme reverses it in page.css. */
const SHADES = ['#ddf4ff', '#a5d8ff', '#5eb1ef', '#2f81d6', '#17559c', '#0a2f63'] as const;

/** Which of the six shades a count gets: logarithmic, because one slow request among thousands must show. */
function shadeOf(n: number, most: number): number {
  if (most <= 1) return SHADES.length - 1;
  return Math.min(SHADES.length - 1, Math.floor((Math.log(n) / Math.log(most)) * (SHADES.length - 0.001)));
}

/** Rows above the slowest filled one say nothing; one empty row is kept as head-room. */
function filledRows(counts: Series['heatmap']['counts']): number {
  const last = counts.findLastIndex((row) => row.some((n) => n > 0));
  return Math.min(counts.length, last + 2);
}

/** Latency heatmap: time across, latency (log-spaced rows) up, darker = more requests. Null when it is empty. */
export function heatmapSvg(series: Series, bands: readonly Band[], durationMs: number): Markup | null {
  const { rowUpperMs, columnMs, counts } = series.heatmap;
  const first = counts.findIndex((row) => row.some((n) => n > 0));
  const rows = filledRows(counts);
  if (first < 0 || columnMs <= 0) return null;
  const shown = rows - first;
  const bottom = TOP + shown * ROW;
  const most = Math.max(...counts.map((row) => Math.max(0, ...row)));
  const paths = SHADES.map(() => '');
  for (let r = first; r < rows; r++) {
    const y = rows - 1 - r;
    (counts[r] ?? []).forEach((n, column) => {
      if (n <= 0) return;
      const shade = shadeOf(n, most);
      const from = Math.round(series.from + column * columnMs);
      paths[shade] += `M${from} ${y}h${columnMs}v1h-${columnMs}z`;
    });
  }
  const scale = timeScale(durationMs);
  const width = FRAME.width - FRAME.left - FRAME.right;
  const labels = Array.from({ length: shown }, (_, i) => first + i)
    .filter((_, i) => i % 2 === 0)
    .map(
      (r) =>
        html`<text class="muted" x="${FRAME.left - 8}" y="${TOP + (rows - 1 - r) * ROW + 4}" text-anchor="end" fill="#57606a">${duration(rowUpperMs[r] ?? 0)}</text>`,
    );
  const cells = paths.map((d, i) =>
    d === '' ? null : html`<path class="heat-${i}" d="${d}" fill="${SHADES[i] ?? ''}"/>`,
  );
  return chartSvg(
    {
      id: 'heatmap',
      height: bottom + FRAME.axis,
      title: 'Latency heatmap',
      description: `Requests by time and latency, ${duration(columnMs)} per column, darker means more; at most ${count(most)} in one cell, slowest row up to ${duration(rowUpperMs[Math.max(first, rows - 2)] ?? 0)}.`,
      plain: true,
    },
    html`${timeAxis(scale, TOP, bottom)}<rect class="fill-lane" x="${FRAME.left}" y="${TOP}" width="${width}" height="${bottom - TOP}" fill="#f6f8fa" data-full="1"/><svg id="heat-cells" x="${FRAME.left}" y="${TOP}" width="${width}" height="${bottom - TOP}" viewBox="0 0 ${Math.max(1, durationMs)} ${shown}" preserveAspectRatio="none">${cells}</svg><g fill-opacity="0.6">${bandColumns(
      bands.filter((b) => b.kind === 'outage'),
      scale,
      TOP,
      bottom,
    )}</g>${labels}`,
  );
}
