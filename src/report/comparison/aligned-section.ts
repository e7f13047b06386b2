import type { AlignedDetach, Comparison } from '../../domain/comparison.js';
import { counted, duration } from '../figures.js';
import { html, type Markup } from '../html/markup.js';
import { section } from '../html/table.js';

const [WIDTH, LABEL, LANE, GAP] = [1180, 250, 22, 8];
/** Before the detach, ms. */
const LEAD_MS = 1000;
const ROWS_MAX = 60;
/** Fill by step kind; page.css has the dark ones. */
const FILL: Readonly<Record<string, string>> = {
  detach: '#0969da',
  attach: '#0969da',
  deploy: '#c4a7f5',
  sleep: '#dde3ea',
  await: '#c9dcf5',
};

interface Lane {
  readonly label: string;
  readonly detach: AlignedDetach;
}

/**
 * Small multiples, aligned at the detach: the eye sees the last answer of the detached target, and failures end, before
 * or after the sleep does. Of each variant the worst run, by failures, then by how long the target still answered.
 */
export function alignedSection(comparison: Comparison): Markup | null {
  const lanes = comparison.rows.flatMap((row, variant): Lane[] => {
    const runs = comparison.runs.filter((r) => r.variant === variant && (r.counted || comparison.kind === 'runs'));
    const worst = runs.reduce<(typeof runs)[number] | null>(
      (a, b) => (a === null || isWorse(b.summary, a.summary) ? b : a),
      null,
    );
    return (worst?.summary.aligned ?? []).map((detach) => ({
      label: `${row.variant.label} · ${detach.target}`,
      detach,
    }));
  });
  if (lanes.length === 0) return null;
  const shown = lanes.slice(0, ROWS_MAX);
  const mostMs = Math.max(1, ...shown.map((l) => l.detach.untilMs));
  const height = shown.length * (LANE + GAP) + 34;
  const x = (ms: number): number =>
    LABEL + ((Math.min(mostMs, Math.max(-LEAD_MS, ms)) + LEAD_MS) / (mostMs + LEAD_MS)) * (WIDTH - LABEL - 12);
  const rows = shown.map((lane, i) => laneMarkup(lane, 18 + i * (LANE + GAP), x));
  const zero = html`<path class="stroke-f" stroke="#57606a" stroke-dasharray="3 3" d="M${x(0).toFixed(1)} 14V${height - 16}"/><text class="muted" fill="#57606a" x="${x(0).toFixed(1)}" y="11" font-size="12" text-anchor="middle">detach</text>`;
  const ticks = [0.25, 0.5, 0.75, 1].map((part) => {
    const ms = Math.round((mostMs * part) / 100) * 100;
    return html`<text class="muted" fill="#57606a" x="${x(ms).toFixed(1)}" y="${height - 3}" font-size="12" text-anchor="end">+${duration(ms)}</text>`;
  });
  const failed = shown.reduce((sum, l) => sum + l.detach.failures, 0);
  const said = `${counted(shown.length, 'detach', 'detaches')} aligned at the moment the balancer acknowledged them; ${counted(failed, 'failure')} in them.`;
  const svg = html`<svg class="chart" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${said}" width="100%">${zero}${ticks}${rows}</svg>`;
  const more = lanes.length > shown.length ? ` The first ${shown.length} of ${lanes.length} are shown.` : '';
  return section(
    'aligned',
    'After each detach',
    html`<figure class="plot"><figcaption>${legend()}</figcaption>${svg}</figure>`,
    `Of each variant the run with the most failures, all aligned at the detach.${more}`,
  );
}

function isWorse(a: Comparison['runs'][number]['summary'], b: Comparison['runs'][number]['summary']): boolean {
  const late = (s: typeof a): number => Math.max(0, ...s.aligned.map((d) => d.drainEndMs ?? 0));
  return a.failed !== b.failed ? a.failed > b.failed : late(a) > late(b);
}

function laneMarkup({ label, detach }: Lane, top: number, x: (ms: number) => number): Markup {
  const steps = detach.steps.map((s) => {
    const width = Math.max(0.6, x(s.toMs) - x(s.fromMs));
    return html`<rect class="fill-${s.kind}" fill="${FILL[s.kind] ?? '#dde3ea'}" x="${x(s.fromMs).toFixed(1)}" y="${top}" width="${width.toFixed(1)}" height="${LANE}"><title>${s.kind} ${duration(s.toMs - s.fromMs)}</title></rect>`;
  });
  const served =
    detach.drainEndMs === null
      ? null
      : html`<rect class="app-line" fill="#1a7f37" x="${x(-LEAD_MS).toFixed(1)}" y="${top + LANE - 5}" width="${Math.max(0, x(detach.drainEndMs) - x(-LEAD_MS)).toFixed(1)}" height="5"><title>last answer ${duration(detach.drainEndMs)} after the detach</title></rect>`;
  const ticks = detach.failuresMs.map(
    (ms) =>
      html`<path class="stroke-failed" stroke="#cf222e" stroke-width="1.4" d="M${x(ms).toFixed(1)} ${top - 2}v${LANE + 4}"/>`,
  );
  const short = label.length > 38 ? `${label.slice(0, 37)}…` : label;
  return html`<text class="lane-name" fill="#1f2328" x="0" y="${top + 15}" font-size="12">${short}</text>${steps}${served}${ticks}`;
}

function legend(): Markup {
  const swatch = (name: string, fill: string): Markup =>
    html`<svg class="swatch" width="18" height="12" aria-hidden="true"><rect class="${name}" width="18" height="12" fill="${fill}"/></svg>`;
  return html`<ul class="legend"><li>${swatch('fill-sleep', '#dde3ea')} sleep</li><li>${swatch('fill-deploy', '#c4a7f5')} deploy</li><li>${swatch('app-line', '#1a7f37')} the detached target still answers</li><li>${swatch('fill-failed', '#cf222e')} failed request</li></ul>`;
}
