import type { EventAlignment } from '../../../domain/outage.js';
import { percent } from '../../figures.js';
import { html, type Markup } from '../markup.js';
import { valueTicks } from './lines.js';

const SIZE = { width: 360, height: 168, left: 46, right: 10, top: 10, bottom: 136 } as const;
const TICKS_MS = [-10_000, 0, 10_000, 20_000, 30_000];
/** Least height of the value axis, per cent: one failure must not look like an outage. */
const LEAST_TOP = 5;

type Bins = EventAlignment['bins'];

const tenths = (n: number): number => Math.round(n * 10) / 10;

/** Neighbours that all hold what `keep` asks for. */
function runsOf(bins: Bins, keep: (bin: Bins[number]) => boolean): readonly Bins[] {
  const runs: Bins[number][][] = [];
  let open: Bins[number][] | null = null;
  for (const bin of bins) {
    if (!keep(bin)) open = null;
    else if (open === null) {
      open = [bin];
      runs.push(open);
    } else open.push(bin);
  }
  return runs;
}

type Scale = (value: number) => number;

/** Where the true share may lie; nothing where no request ended. */
function boundsPath(bins: Bins, x: Scale, y: Scale): string {
  return runsOf(bins, (b) => b.rate !== null)
    .map((run) => {
      const upper = run.map((b) => [b.to, y(b.upper)] as const);
      const lower = run.toReversed().map((b) => [b.from, y(b.lower)] as const);
      return `M${x(run[0]?.from ?? 0)} ${y(run[0]?.upper ?? 0)}${stairs([...upper, ...lower], x)}z`;
    })
    .join('');
}

function barsPath(bins: Bins, x: Scale, y: Scale): string {
  return runsOf(bins, (b) => b.failures > 0)
    .map((run) => {
      const edges = run.map((b) => [b.to, y(b.rate ?? 0)] as const);
      return `M${x(run[0]?.from ?? 0)} ${SIZE.bottom}${stairs(edges, x)}V${SIZE.bottom}z`;
    })
    .join('');
}

/** Goes to every height and then along to its end; equal neighbours are one stair. */
function stairs(edges: readonly (readonly [number, number])[], x: (ms: number) => number): string {
  return edges
    .filter(([, height], i) => edges[i + 1]?.[1] !== height)
    .map(([end, height]) => `V${height}H${x(end)}`)
    .join('');
}

/** Share of failed requests before and after the steps of one kind: bars, with their 95 % bounds as a pale area. */
export function aroundSvg(alignment: EventAlignment, description: string): Markup {
  const { event, bins } = alignment;
  const [from, to] = [bins[0]?.from ?? 0, bins.at(-1)?.to ?? 1];
  const ticks = valueTicks(Math.max(LEAST_TOP, ...bins.map((b) => (b.rate ?? 0) * 100)), 4);
  const top = ticks.at(-1) ?? 100;
  const x = (ms: number): number =>
    tenths(SIZE.left + ((ms - from) / (to - from)) * (SIZE.width - SIZE.left - SIZE.right));
  const y = (ratio: number): number =>
    Math.round(SIZE.bottom - (Math.min(ratio * 100, top) / top) * (SIZE.bottom - SIZE.top));
  const lines = ticks.map((t) => `M${SIZE.left} ${y(t / 100)}H${SIZE.width - SIZE.right}`).join('');
  const values = ticks.map((t) => html`<text x="${SIZE.left - 6}" y="${y(t / 100) + 4}">${t} %</text>`);
  const times = TICKS_MS.filter((t) => t >= from && t <= to).map(
    (t) =>
      html`<text x="${x(t)}" y="${SIZE.bottom + 15}"${t === to ? html` text-anchor="end"` : null}>${t === 0 ? '0' : `${t > 0 ? '+' : '−'}${Math.abs(t) / 1000} s`}</text>`,
  );
  const named = html`<text x="${x(0)}" y="${SIZE.bottom + 29}">${event}</text>`;
  const words = html`<g class="muted" fill="#57606a" text-anchor="end">${values}</g><g class="muted" fill="#57606a" text-anchor="middle">${times}${named}</g>`;
  const zero = html`<path class="stroke-f" d="M${x(0)} ${SIZE.top}V${SIZE.bottom}" stroke="#57606a" stroke-dasharray="3 3" fill="none"/>`;
  const id = `around-${event}`;
  const high = percent(Math.max(0, ...bins.map((b) => b.rate ?? 0)));
  return html`<svg id="${id}" class="chart" viewBox="0 0 ${SIZE.width} ${SIZE.height}" width="100%" role="img" aria-labelledby="${id}-t ${id}-d" font-family="system-ui, sans-serif" font-size="11.5"><title id="${id}-t">Failures around each ${event}, at most ${high}</title><desc id="${id}-d">${description}</desc><path class="grid" d="${lines}" stroke="#d8dee4"/><path class="fill-failed" d="${boundsPath(bins, x, y)}" fill="#cf222e" fill-opacity="0.14"/><path class="fill-failed" d="${barsPath(bins, x, y)}" fill="#cf222e"/>${zero}${words}</svg>`;
}
