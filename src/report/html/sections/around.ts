import type { EventAlignment } from '../../../domain/outage.js';
import type { RunResult } from '../../../domain/result.js';
import { AROUND_LEAD, aroundSentence, chanceSentence } from '../../around-texts.js';
import { count, percent } from '../../figures.js';
import { html, type Markup } from '../markup.js';
import { aroundSvg } from '../svg/around.js';
import { section, table } from '../table.js';

const ROW_MS = 1000;

/** The chart's numbers by whole seconds with a failure; bounds cannot be joined, so they stay in result.json. */
function numbers({ event, bins }: EventAlignment): Markup {
  const rows = new Map<number, { failures: number; requests: number }>();
  for (const b of bins) {
    const at = Math.floor(b.from / ROW_MS) * ROW_MS;
    const sum = rows.get(at) ?? { failures: 0, requests: 0 };
    rows.set(at, { failures: sum.failures + b.failures, requests: sum.requests + b.requests });
  }
  const signed = (ms: number): string => `${ms < 0 ? '−' : '+'}${Math.abs(ms) / 1000} s`;
  const failing = [...rows].filter(([, { failures }]) => failures > 0);
  const cells = failing.map(
    ([at, { failures, requests }]) =>
      html`<tr><td>${signed(at)}</td><td>${count(failures)}</td><td>${count(requests)}</td><td>${requests === 0 ? '–' : percent(failures / requests)}</td></tr>`,
  );
  const heads = [`second from the ${event}`, 'failed', 'requests', 'share'];
  return html`<details class="data"><summary>Numbers of this chart</summary><p class="soft">Seconds in which nothing failed are left out.</p>${table(`Failures around each ${event}`, heads, cells, 'numbers')}</details>`;
}

function figure(alignment: EventAlignment): Markup {
  const said = aroundSentence(alignment);
  return html`<figure class="plot small"><figcaption><span class="plot-title">Around each ${alignment.event}</span></figcaption>${aroundSvg(alignment, said)}<p>${said}</p><p class="soft">${chanceSentence(alignment)}</p>${numbers(alignment)}</figure>`;
}

/** Failures laid around the steps of the deploy, one small chart per kind of step; nothing where nothing failed. */
export function aroundSection({ alignment }: RunResult): Markup | null {
  if (alignment.length === 0) return null;
  const lead = html`Share of requests that failed, from 10 s before to 30 s after a step; pale: where the true share may lie (95 % bounds of each bar). ${AROUND_LEAD}`;
  return section('around', 'Failures around the steps', html`<div class="smalls">${alignment.map(figure)}</div>`, lead);
}
