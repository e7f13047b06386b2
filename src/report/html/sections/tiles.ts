import type { RunResult } from '../../../domain/result.js';
import { count, counted, duration, durationBound, outageSpan, percent } from '../../figures.js';
import { html, type Markup } from '../markup.js';

type Mood = 'bad' | 'warn' | 'good' | 'plain';

const tile = (name: string, value: string, note: string, mood: Mood): Markup =>
  html`<div class="tile ${mood}"><dt>${name}</dt><dd class="value">${value}</dd><dd class="note">${note}</dd></div>`;

function failedTile({ counts }: RunResult): Markup {
  const share = counts.judged > 0 && counts.failed > 0 ? ` (${percent(counts.failed / counts.judged)})` : '';
  const unknown = counts.unknown > 0 ? `, ${count(counts.unknown)} unknown` : '';
  const mood = counts.failed > 0 ? 'bad' : counts.judged > 0 ? 'good' : 'plain';
  return tile('Failed requests', count(counts.failed), `of ${count(counts.judged)} judged${share}${unknown}`, mood);
}

function outageTile({ outages, claims, counts }: RunResult): Markup {
  const longest = outages.reduce<(typeof outages)[number] | null>(
    (top, o) => (top === null || o.durationEstimateMs > top.durationEstimateMs ? o : top),
    null,
  );
  if (longest !== null) {
    const where = outageSpan(longest);
    const note = outages.length === 1 ? `1 window, ${where}` : `of ${counted(outages.length, 'window')}, ${where}`;
    return tile('Longest outage', duration(longest.durationEstimateMs), note, 'bad');
  }
  if (counts.judged === 0) return tile('Longest outage', '–', 'nothing was judged', 'plain');
  const seen =
    claims.totalOutageMs === null
      ? 'how short a one would show is not established'
      : `a total one > ${durationBound(claims.totalOutageMs)} is ruled out`;
  return tile('Longest outage', 'none seen', seen, 'plain');
}

function rateTile({ counts, claims, run }: RunResult): Markup {
  const { slo } = run.scenario.policy;
  const confidence = percent(claims.confidence);
  const upper = claims.failureProbabilityUpper;
  const objective = `objective ${percent(slo)}`;
  if (upper === null) {
    const seen =
      counts.judged > 0 ? percent(1 - counts.failed / counts.judged, counts.failed > 0 ? 'down' : 'near') : '–';
    return tile('Success rate', seen, `observed only, no bound; ${objective}`, 'plain');
  }
  const bound = percent(1 - upper, 'down');
  const mood = 1 - upper >= slo ? 'plain' : counts.failed > 0 ? 'bad' : 'warn';
  if (counts.failed === 0) return tile('Success rate', `≥ ${bound}`, `shown with ${confidence}; ${objective}`, mood);
  const seen = percent(1 - counts.failed / Math.max(1, counts.judged), 'down');
  return tile('Success rate', seen, `≥ ${bound} with ${confidence}; ${objective}`, mood);
}

function latencyTile({ latency }: RunResult): Markup {
  const { baseline, deploy } = latency;
  if (deploy === null) return tile('p99 in the deploy', '–', 'no answered request', 'plain');
  if (baseline === null) return tile('p99 in the deploy', duration(deploy.p99), 'no baseline to compare with', 'plain');
  const change = baseline.p99 > 0 ? Math.round((deploy.p99 / baseline.p99 - 1) * 100) : 0;
  const sign = change > 0 ? '+' : change < 0 ? '−' : '±';
  return tile(
    'p99 in the deploy',
    duration(deploy.p99),
    `baseline ${duration(baseline.p99)} (${sign}${Math.abs(change)} %)`,
    'plain',
  );
}

function deployTile({ run }: RunResult): Markup {
  if (run.deployMs === null) return tile('Deploy time', '–', 'no deploy in this run', 'plain');
  const asleep = run.asleepMs > 0 ? `${duration(run.asleepMs)} of it asleep` : 'no sleep in it';
  return tile(
    'Deploy time',
    duration(run.deployMs),
    run.deploy === 'complete' ? asleep : `deploy ${run.deploy}; ${asleep}`,
    'plain',
  );
}

/** The five figures under the banner. */
export function tiles(result: RunResult): Markup {
  const all = [failedTile(result), outageTile(result), rateTile(result), latencyTile(result), deployTile(result)];
  return html`<dl class="tiles">${all}</dl>`;
}
