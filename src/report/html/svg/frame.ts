import { clock } from '../../figures.js';
import { oneLine } from '../../visible-text.js';
import type { Band } from '../bands.js';
import { html, type Markup } from '../markup.js';

/** Layout shared by every chart, in px: the plots stand under one another on one time axis. */
export const FRAME = { width: 1120, left: 116, right: 20, axis: 22 } as const;

/** Where an instant falls. The page's script lays out again with the same gutters after a zoom. */
export interface TimeScale {
  readonly from: number;
  readonly to: number;
  x(ms: number): number;
}

const tenths = (n: number): number => Math.round(n * 10) / 10;

/** The whole run over the plot's width; instants outside are drawn at the edge. */
export function timeScale(durationMs: number): TimeScale {
  const to = Math.max(1, durationMs);
  const plot = FRAME.width - FRAME.left - FRAME.right;
  return { from: 0, to, x: (ms) => tenths(FRAME.left + (Math.min(Math.max(ms, 0), to) / to) * plot) };
}

const STEPS_S = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200];

/** Round instants of the axis, at most `most` of them. */
export function axisTicks(toMs: number, most = 11): readonly number[] {
  const stepMs = 1000 * (STEPS_S.find((s) => toMs / 1000 / s <= most) ?? Math.ceil(toMs / 1000 / most));
  return Array.from({ length: Math.floor(toMs / stepMs) + 1 }, (_, i) => i * stepMs);
}

/** Grid lines from `top` to `bottom` and m:ss labels beneath. */
export function timeAxis(scale: TimeScale, top: number, bottom: number): Markup {
  const ticks = axisTicks(scale.to);
  const digits = ticks.length > 1 && (ticks[1] ?? 0) < 1000 ? 1 : 0;
  const lines = ticks.map((t) => `M${scale.x(t)} ${top}V${bottom}`).join('');
  const words = ticks.map((t) => html`<text x="${scale.x(t)}" y="${bottom + 15}">${clock(t, digits)}</text>`);
  return html`<g class="axis muted" data-axis="${top},${bottom}" font-size="11" text-anchor="middle" fill="#57606a"><path class="grid" d="${lines}" stroke="#d8dee4"/>${words}</g>`;
}

const BAND_FILL: Readonly<Record<Band['kind'], readonly [string, number]>> = {
  'warm-up': ['#8c959f', 0.16],
  baseline: ['#0969da', 0.07],
  settle: ['#8c959f', 0.1],
  out: ['#bf8700', 0.1],
  outage: ['#cf222e', 0.2],
};

/** Shaded columns behind a chart. */
export function bandColumns(bands: readonly Band[], scale: TimeScale, top: number, bottom: number): Markup {
  return html`${bands.map((b) => {
    const [fill, opacity] = BAND_FILL[b.kind];
    const x = scale.x(b.from);
    const width = Math.max(b.kind === 'outage' ? 2 : 0, tenths(scale.x(b.to) - x));
    return html`<g data-f="${Math.floor(b.from)}" data-t="${Math.ceil(b.to)}"><title>${b.label}</title><rect class="band-${b.kind}" x="${x}" y="${top}" width="${width}" height="${bottom - top}" fill="${fill}" fill-opacity="${opacity}"/></g>`;
  })}`;
}

/** The look and the words of one bar; `short` stands in where `label` does not fit. */
export interface BarLook {
  readonly name: string;
  readonly fill: string;
  readonly ink: string;
  readonly label: string;
  readonly short?: string;
  readonly title: string;
}

/** Room a label needs, px: a generous guess, since the reader's font is not known here. */
export const roomFor = (label: string): number => Math.ceil(label.length * 6.4 + 8);

function barWords(look: BarLook, x: number, width: number, middle: number): Markup | null {
  if (look.label === '') return null;
  const short = look.short ?? look.label;
  const words = width >= roomFor(look.label) ? look.label : short;
  const hidden = width >= roomFor(words) ? null : html` visibility="hidden"`;
  const both = short === look.label ? null : html` data-short="${short}"`;
  return html`<text class="ink-${look.name}" x="${tenths(x + 5)}" y="${middle + 4}" data-long="${look.label}"${both} fill="${look.ink}"${hidden}>${words}</text>`;
}

/** A bar of a lane: `[from, to)` at height `y`, with its words inside where they fit and in the tooltip always. */
export function bar(
  scale: TimeScale,
  span: { readonly from: number; readonly to: number },
  at: { readonly y: number; readonly height: number; readonly minWidth?: number },
  look: BarLook,
): Markup {
  const x = scale.x(span.from);
  const width = Math.max(at.minWidth ?? 0, tenths(scale.x(span.to) - x));
  const words = barWords(look, x, width, at.y + at.height / 2);
  const least = at.minWidth === undefined ? null : html` data-min="${at.minWidth}"`;
  return html`<g data-f="${Math.floor(span.from)}" data-t="${Math.ceil(span.to)}"${least}><title>${look.title}</title><rect class="fill-${look.name}" x="${x}" y="${at.y}" width="${width}" height="${at.height}" fill="${look.fill}"/>${words}</g>`;
}

/** The root element of a chart: a picture with a name and a description for those who do not see it. */
export function chartSvg(
  chart: {
    readonly id: string;
    readonly height: number;
    readonly title: string;
    readonly description: string;
    readonly plain?: boolean;
  },
  body: Markup,
): Markup {
  const { id, height } = chart;
  return html`<svg id="${id}" class="chart" viewBox="0 0 ${FRAME.width} ${height}" width="100%" role="${chart.plain === true ? 'img' : 'group'}" aria-labelledby="${id}-t ${id}-d" font-family="system-ui, -apple-system, Segoe UI, Roboto, Helvetica, Arial, sans-serif" font-size="11.5"><title id="${id}-t">${chart.title}</title><desc id="${id}-d">${chart.description}</desc>${body}</svg>`;
}

/** The name of a lane, right of the gutter's edge, shortened to fit with the whole as tooltip. */
export function laneName(text: string, y: number): Markup {
  const short = oneLine(text, 15);
  return html`<text class="lane-name" x="${FRAME.left - 10}" y="${y}" text-anchor="end" fill="#1f2328" font-weight="600"><title>${text}</title>${short}</text>`;
}
