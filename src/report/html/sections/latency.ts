import type { LatencySummary, RunResult } from '../../../domain/result.js';
import { count, duration } from '../../figures.js';
import { bandsOf } from '../bands.js';
import { chartFigure } from '../figure.js';
import { answeredChart, latencyChart } from '../line-charts.js';
import { type Hole, html, type Markup } from '../markup.js';
import { heatmapSvg } from '../svg/heatmap.js';
import { section, table } from '../table.js';

const KEYS = ['p50', 'p95', 'p99', 'p999', 'max'] as const;

function comparison(baseline: LatencySummary | null, deploy: LatencySummary | null): Hole {
  if (baseline === null && deploy === null) return null;
  const row = (name: string, s: LatencySummary | null): Markup =>
    html`<tr><th scope="row">${name}</th><td class="n">${s === null ? '–' : count(s.requests)}</td>${KEYS.map((k) => html`<td class="n">${duration(s?.[k] ?? null)}</td>`)}</tr>`;
  const change = (k: (typeof KEYS)[number]): string => {
    if (baseline === null || deploy === null || baseline[k] <= 0) return '–';
    const ratio = Math.round((deploy[k] / baseline[k] - 1) * 100);
    return `${ratio > 0 ? '+' : ratio < 0 ? '−' : '±'}${Math.abs(ratio)} %`;
  };
  const changes = html`<tr><th scope="row">change</th><td class="n">–</td>${KEYS.map((k) => html`<td class="n">${change(k)}</td>`)}</tr>`;
  const heads = ['part', { n: 'requests' }, { n: 'p50' }, { n: 'p95' }, { n: 'p99' }, { n: 'p99.9' }, { n: 'max' }];
  return table('Latency before and in the deploy', heads, [row('baseline', baseline), row('deploy', deploy), changes]);
}

/** Percentiles over time, heatmap, and the deploy against the baseline. */
export function latencySection(result: RunResult): Markup {
  const bands = bandsOf(result);
  const heatmap = heatmapSvg(result.series, bands, result.run.durationMs);
  const heat =
    heatmap === null
      ? null
      : html`<figure class="plot" tabindex="0"><figcaption><span class="plot-title">Latency heatmap</span><span class="soft">time across, latency up (log scale), darker = more requests</span></figcaption>${heatmap}</figure>`;
  return section(
    'latency',
    'Latency',
    html`${comparison(result.latency.baseline, result.latency.deploy)}${chartFigure(latencyChart(result), bands, result.run.durationMs)}${heat}`,
    'From the scheduled start of a request to its end, so that a request kept waiting counts as slow. Requests held open on purpose are left out of the charts.',
  );
}

/** Requests per second by the target that answered: true drain and re-entry against the API calls. */
export function answeredSection(result: RunResult): Markup {
  const lines = result.series.answeredBy.length;
  const body = lines === 0 ? null : chartFigure(answeredChart(result), bandsOf(result), result.run.durationMs);
  const lead =
    lines === 0
      ? 'No answer named its target: the identity header is missing.'
      : 'By the header each answer carries. Where a line goes on after its target’s detach, the load balancer was still sending.';
  return section('answered', 'Who answered', body, lead);
}
