import type { Outage } from '../../../domain/outage.js';
import type { RunResult } from '../../../domain/result.js';
import { count, counted, duration, percent } from '../../figures.js';
import { reProbeText } from '../../re-probe-text.js';
import { instant } from '../instant.js';
import { html, type Markup } from '../markup.js';
import { zoomLink } from '../svg/lanes.js';
import { section } from '../table.js';

const KIND_WORD = { single: 'a single failure', partial: 'part of the requests', full: 'every request' } as const;

/** Time from the nearest membership call before the outage, which is what most outages hang on. */
function sinceCall(outage: Outage, result: RunResult): string | null {
  const before = result.timeline.calls.filter((c) => c.requestedAt <= outage.startHi);
  const last = before.at(-1);
  return last === undefined
    ? null
    : `${duration(outage.startHi - last.requestedAt)} after ${last.operation} ${last.target}`;
}

function outageCard(outage: Outage, result: RunResult): Markup {
  const { startLo, startHi, endLo, endHi } = outage;
  const exact = (lo: number, hi: number, open: boolean): Markup =>
    html`${instant((lo + hi) / 2, 3)} ± ${duration((hi - lo) / 2)}${open ? ' (reaches the edge of the window)' : null}`;
  const own = result.failures.filter((f) => f.outage === outage.index);
  const named = (f: (typeof own)[number] | undefined): string | null =>
    f === undefined ? null : `${f.class}${f.status === null ? '' : ` ${f.status}`} ${f.detail}`.trim();
  const facts: (readonly [string, Markup | string | null])[] = [
    ['start', exact(startLo, startHi, outage.openStart)],
    ['end', exact(endLo, endHi, outage.openEnd)],
    [
      'length',
      `${duration(outage.durationEstimateMs)} (${duration(outage.durationLoMs)} to ${duration(outage.durationHiMs)})`,
    ],
    ['hit', `${KIND_WORD[outage.kind]} (about ${percent(outage.share)})`],
    ['phase', outage.phase],
    ['step before', outage.stepBefore],
    ['since the call', sinceCall(outage, result)],
    ['first error', named(own[0])],
    ['last error', named(own.at(-1))],
    ['asked again', reProbeText(outage)],
  ];
  const causes = outage.causes.map(
    (c, i) =>
      html`<li><p>${i === 0 ? html`<strong>${c.sentence}</strong>` : c.sentence}</p><p class="todo">${c.hint}</p><p class="soft"><code>${c.code}</code> · explains ${percent(c.score)}${c.target === null ? null : html` · ${c.target}`}</p></li>`,
  );
  return html`<article class="outage"><h3><a href="${zoomLink(startLo, endHi)}">Outage ${outage.index + 1}</a>: ${counted(outage.failures, 'failed request')} in ${duration(outage.durationEstimateMs)}</h3><div class="columns"><dl class="facts">${facts.map(([k, v]) => (v === null || v === '' ? null : html`<div><dt>${k}</dt><dd>${v}</dd></div>`))}<div><dt>errors</dt><dd>${outage.classes.map((c, i) => html`${i > 0 ? ', ' : null}${c.class} ×${count(c.count)}`)}</dd></div></dl><div><h4>Likely causes</h4><ol class="causes">${causes}</ol></div></div></article>`;
}

/** Windows of failed requests with their causes. */
export function outagesSection(result: RunResult): Markup {
  const { outages, counts } = result;
  const lead =
    outages.length === 0
      ? counts.judged === 0
        ? 'Nothing was judged, so no outage could be seen.'
        : 'No window of failed requests in the deploy.'
      : `${counted(outages.length, 'window')}; failures fell into ${counted(counts.disruptionSeconds, 'second')} of the run’s clock.`;
  return section('outages', 'Outage windows', html`${outages.map((o) => outageCard(o, result))}`, lead);
}
