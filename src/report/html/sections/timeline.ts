import type { RunResult } from '../../../domain/result.js';
import { duration } from '../../figures.js';
import { bandsOf } from '../bands.js';
import { chartFigure } from '../figure.js';
import { instantLink } from '../instant.js';
import { throughputChart } from '../line-charts.js';
import { type Hole, html, type Markup } from '../markup.js';
import { laneSentence, lanesSvg } from '../svg/lanes.js';
import { STATE_LOOK, swatch } from '../svg/palette.js';
import { section, table } from '../table.js';

function legend(result: RunResult): Markup {
  const states = new Set(result.timeline.targets.flatMap((t) => t.reported.map((s) => s.state)));
  const shown = Object.entries(STATE_LOOK).filter(([state]) => states.has(state as keyof typeof STATE_LOOK));
  const app = result.timeline.targets.some((t) => t.app.length > 0);
  const item = (name: string, fill: string, word: string): Hole => html`<li>${swatch({ name, fill })} ${word}</li>`;
  return html`<ul class="legend">${shown.map(([, look]) => item(look.name, look.fill, look.word))}${app ? [item('app-stopping', 'url(#p-stopping)', 'app stopping'), item('app-down', '#24292f', 'app down'), item('app-up', '#cfe3fb', 'app starting')] : null}${item('failed', '#cf222e', 'failed request')}</ul>`;
}

function stepTable(result: RunResult): Markup {
  const rows = result.timeline.steps.map(
    (s) =>
      html`<tr><td>${instantLink(s.from, s.to, 3)}</td><td>${s.stage}</td><td>${s.label}</td><td class="n">${duration(s.to - s.from)}</td><td>${s.state}${s.error === null ? null : html`: <span class="bad">${s.error}</span>`}</td></tr>`,
  );
  return table('Pipeline steps', ['start', 'stage', 'step', { n: 'took' }, 'end'], rows);
}

function notes(result: RunResult): Hole {
  if (result.timeline.notes.length === 0) return null;
  return html`<ul class="notes">${result.timeline.notes.map((n) => html`<li>${instantLink(n.at, n.at, 1)} ${n.text}</li>`)}</ul>`;
}

/** Lanes and traffic on one time axis. */
export function timelineSection(result: RunResult): Markup {
  const bands = bandsOf(result);
  const words = result.timeline.targets.map((t) => html`<li><strong>${t.target}:</strong> ${laneSentence(t)}</li>`);
  const body = html`<figure class="plot lanes"><figcaption>${legend(result)}</figcaption>${lanesSvg(result)}<details class="data"><summary>The lanes in words and numbers</summary>${stepTable(result)}<ul class="notes">${words}</ul></details></figure>${chartFigure(throughputChart(result), bands, result.run.durationMs)}${notes(result)}`;
  return section(
    'timeline',
    'What happened, when',
    body,
    html`<span class="live-only" hidden>Drag across any chart to zoom all of them; Esc or double-click to see the whole run; ←&nbsp;→ move, +&nbsp;− zoom; click a step to zoom to it. </span>Red columns are outage windows; pale yellow in the charts below: a target is out of the load balancer.`,
  );
}
