import { count } from '../../figures.js';
import type { Band } from '../bands.js';
import { html, type Markup } from '../markup.js';
import { bandColumns, chartSvg, FRAME, timeAxis, timeScale } from './frame.js';
import type { LineLook } from './palette.js';

/** One line of a chart over equal buckets; `reduce` says how buckets join where there are more than pixels. */
export interface Line {
  readonly label: string;
  readonly look: LineLook;
  readonly values: readonly (number | null)[];
  readonly reduce: 'mean' | 'max';
  readonly area?: boolean;
}

/** What a line chart shows; the page's script draws the same from the same numbers. */
export interface LineChart {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly unit: string;
  readonly from: number;
  readonly bucketMs: number;
  readonly lines: readonly Line[];
  /** Spoken name of one bucket, for the table. */
  readonly bucketWord: string;
  /** What a reader must know to read the lines right. */
  readonly note?: string;
}

const HEIGHT = 190;
const TOP = 10;
const MOST_POINTS = 120;

/** Joins buckets so that at most `most` remain; null only where all of them are. */
export function reduced(line: Pick<Line, 'values' | 'reduce'>, most: number): readonly (number | null)[] {
  const per = Math.max(1, Math.ceil(line.values.length / most));
  if (per === 1) return line.values;
  const joined: (number | null)[] = [];
  for (let i = 0; i < line.values.length; i += per) {
    const some = line.values.slice(i, i + per).filter((v) => v !== null);
    if (some.length === 0) joined.push(null);
    else joined.push(line.reduce === 'max' ? Math.max(...some) : some.reduce((a, b) => a + b, 0) / some.length);
  }
  return joined;
}

/** Smallest 1, 2 or 5 × 10^k steps that reach `max` in at most `most` steps. */
export function valueTicks(max: number, most = 5): readonly number[] {
  const rough = Math.max(max, 1e-9) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((m) => m * power >= rough * 0.999999) ?? 10) * power;
  const steps = Math.max(1, Math.ceil(max / step - 1e-9));
  return Array.from({ length: steps + 1 }, (_, i) => Number((i * step).toPrecision(12)));
}

function linePath(points: readonly (readonly [number, number] | null)[], floor: number, area: boolean): string {
  let path = '';
  let start: number | null = null;
  let lastX = 0;
  const close = (): void => {
    if (area && start !== null) path += `V${floor}H${start}z`;
    start = null;
  };
  for (const p of points) {
    if (p === null) {
      close();
      continue;
    }
    path += start === null ? `M${p[0]} ${p[1]}` : `L${p[0]} ${p[1]}`;
    start ??= p[0];
    lastX = p[0];
  }
  close();
  return area ? path : `${path}${points.length === 1 ? `H${lastX + 1}` : ''}`;
}

/** The chart as a still picture: what a reader without the script, or on paper, sees. */
export function linesSvg(chart: LineChart, bands: readonly Band[], durationMs: number): Markup {
  const scale = timeScale(durationMs);
  const bottom = HEIGHT - FRAME.axis;
  const all = chart.lines.map((l) => reduced(l, MOST_POINTS));
  const ticks = valueTicks(Math.max(0, ...all.flatMap((v) => v.map((n) => n ?? 0))));
  const top = ticks.at(-1) ?? 1;
  const y = (v: number): number => Math.round((bottom - (v / top) * (bottom - TOP)) * 10) / 10;
  const drawn = chart.lines.map((line, i) => {
    const values = all[i] ?? [];
    const per = Math.max(1, Math.ceil(line.values.length / MOST_POINTS));
    const at = (j: number): number => scale.x(chart.from + (j + 0.5) * per * chart.bucketMs);
    const points = values.map((v, j) => (v === null ? null : ([at(j), y(v)] as const)));
    const dash = line.look.dash === '' ? null : html` stroke-dasharray="${line.look.dash}"`;
    const area = line.area === true;
    const fill = area
      ? html`<path class="area-${line.look.name}" d="${linePath(points, bottom, true)}" fill="${line.look.stroke}" fill-opacity="0.25"/>`
      : null;
    return html`${fill}<path class="stroke-${line.look.name}" d="${linePath(points, bottom, false)}" fill="none" stroke="${line.look.stroke}" stroke-width="1.5"${dash}/>`;
  });
  const labels = ticks.map((t) => html`<text x="${FRAME.left - 8}" y="${y(t) + 4}">${count(t)}</text>`);
  const grid = ticks.map((t) => `M${FRAME.left} ${y(t)}H${FRAME.width - FRAME.right}`).join('');
  const { id, title, description } = chart;
  return chartSvg(
    { id: `${id}-still`, height: HEIGHT, title, description, plain: true },
    html`${bandColumns(bands, scale, TOP, bottom)}<path class="grid" d="${grid}" stroke="#d8dee4"/><g class="muted" fill="#57606a" text-anchor="end">${labels}</g>${timeAxis(scale, TOP, bottom)}${drawn}<text class="muted" x="12" y="${TOP + 10}" fill="#57606a">${chart.unit}</text>`,
  );
}
