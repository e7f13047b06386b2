import type { Comparison, Recommendation } from '../../domain/comparison.js';
import { counted, duration, percent } from '../figures.js';
import { html, type Markup, raw } from '../html/markup.js';
import { section } from '../html/table.js';

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [1180, 230, 64, 24, 12, 44];

/** The distribution of what the deploys needed: the share that a sleep would have been long enough for. */
export function needSections({ recommendations }: Comparison): Markup | null {
  const known = recommendations.filter((r) => r.needs.length > 0);
  if (known.length === 0) return null;
  const lead =
    'The need of a deploy is the shortest sleep it would have been safe with: until the last answer of a detached target, and until an attached one was served again. A run that slept too short only says “more than that” (Kaplan–Meier estimate; it proves nothing by itself).';
  return section('need', 'What the deploys needed', html`${known.map(needFigure)}`, lead);
}

function needFigure(r: Recommendation): Markup {
  const most = Math.max(1, ...r.needs.map((n) => n.needMs), ...r.candidatesMs.filter(Number.isFinite)) * 1.05;
  const x = (ms: number): number => LEFT + (ms / most) * (WIDTH - LEFT - RIGHT);
  const y = (share: number): number => HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);
  let path = `M${x(0).toFixed(1)} ${y(0).toFixed(1)}`;
  for (const step of r.survival) path += `H${x(step.needMs).toFixed(1)}V${y(1 - step.share).toFixed(1)}`;
  path += `H${x(most).toFixed(1)}`;
  const marks = r.needs.map((n) =>
    n.censored
      ? html`<path class="stroke-failed" stroke="#cf222e" stroke-width="2" fill="none" d="M${x(n.needMs).toFixed(1)} ${HEIGHT - BOTTOM - 12}l6 6l-6 6"><title>needed more than ${duration(n.needMs)}</title></path>`
      : html`<path class="stroke-d" stroke="#1a7f37" stroke-width="2" d="M${x(n.needMs).toFixed(1)} ${HEIGHT - BOTTOM}v-10"><title>needed ${duration(n.needMs)}</title></path>`,
  );
  const candidates = r.candidatesMs.map(
    (ms) =>
      html`<path class="grid" stroke="#e3e8ed" stroke-dasharray="4 3" d="M${x(ms).toFixed(1)} ${TOP}V${HEIGHT - BOTTOM}"/><text class="lane-name" fill="#1f2328" x="${x(ms).toFixed(1)}" y="${HEIGHT - BOTTOM + 17}" font-size="12" text-anchor="middle">${duration(ms)}</text>`,
  );
  const shares = [0, 0.5, 1].map(
    (s) =>
      html`<path class="grid" stroke="#e3e8ed" d="M${LEFT} ${y(s).toFixed(1)}H${WIDTH - RIGHT}"/><text class="muted" fill="#57606a" x="${LEFT - 8}" y="${(y(s) + 4).toFixed(1)}" font-size="12" text-anchor="end">${percent(s)}</text>`,
  );
  const censored = r.needs.filter((n) => n.censored).length;
  const known = r.needs.filter((n) => !n.censored).map((n) => n.needMs);
  const longest =
    known.length === 0
      ? 'no need was seen to its end'
      : `the longest need seen to its end was ${duration(Math.max(...known))}`;
  const said = `${counted(r.needs.length, 'deploy')}: ${longest}; ${censored} needed more than the sleep, or may have.`;
  const svg = html`<svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${said}" width="100%">${shares}${candidates}<path class="stroke-a" stroke="#0969da" stroke-width="2" fill="none" d="${raw(path)}"/>${marks}<text class="muted" fill="#57606a" x="${LEFT}" y="${HEIGHT - 6}" font-size="12">${r.of}; dashed: the sleeps tried; ticks: a need seen; arrows: more than that</text></svg>`;
  const title = `Share of deploys that need no longer a ${r.of}${r.group === '' ? '' : ` (${r.group})`}`;
  return html`<figure class="plot"><figcaption><span class="plot-title">${title}</span></figcaption>${svg}<p class="soft">${said}</p></figure>`;
}
