import type { Usage } from '../../../domain/event.js';
import type { Replacement, RunResult } from '../../../domain/result.js';
import { marginWords, STRETCH_NOTE, worstStretches } from '../../around-texts.js';
import { count, duration, durationBound, percent } from '../../figures.js';
import { statusMark } from '../icon.js';
import { instant } from '../instant.js';
import { type Hole, html, type Markup } from '../markup.js';
import { section, table } from '../table.js';
import { engineEyes } from './engine.js';

function claims(result: RunResult): Hole {
  const { sentences } = result.claims;
  if (sentences.length === 0) return html`<p>Nothing is claimed by this run.</p>`;
  return html`<ul class="points">${sentences.map((s) => html`<li>${s}</li>`)}</ul>${stretches(result)}`;
}

/** The worst stretch by length, and the spare sleep of every target: both measured, neither a bound. */
function stretches(result: RunResult): Hole {
  const worst = worstStretches(result);
  const { margins } = result.claims;
  return [
    worst.length === 0
      ? null
      : html`<p>Answered well: ${worst.join(', ')}. <span class="soft">${STRETCH_NOTE}</span></p>`,
    margins.length === 0
      ? null
      : html`<p>Sleep after detach: ${margins.map((m, i) => html`${i > 0 ? ', ' : null}<strong>${m.target}</strong> ${marginWords(m.marginMs)}`)}. <span class="soft">From the end of the last request on the target to its application going down, as it was in this one deploy; the next may need longer.</span></p>`,
  ];
}

function checks(result: RunResult): Hole {
  const rows = result.checks.map((c) => {
    const bad = c.status === 'fail' || c.status === 'inconclusive' || c.status === 'warning';
    const note = bad
      ? html`<br><span>${c.message}</span>${c.hint === null ? null : html` <span class="todo">${c.hint}</span>`}`
      : null;
    return html`<tr class="check-${c.status}"><td class="nowrap">${statusMark(c.status)} <span class="soft">${c.status}</span></td><th scope="row"><span class="check-title">${c.title}</span>${c.code === null ? null : html` <code>${c.code}</code>`}${note}</th><td class="n">${c.measured}</td><td class="n">${c.threshold}</td><td class="soft why">${c.why}</td></tr>`;
  });
  return table('Checks', ['result', 'check', { n: 'measured' }, { n: 'threshold' }, 'why it is judged'], rows);
}

/** Failures of a lane; where many requests share a connection also of how many connections. */
function failedText({ failed, connections }: RunResult['lanes'][number]): string {
  if (connections === undefined || failed === 0) return count(failed);
  return `${count(failed)} on ${count(connections.failed)} of ${count(connections.used)} connections`;
}

function lanes(result: RunResult): Hole {
  if (result.lanes.length === 0) return null;
  const windows = [...new Set(result.lanes.flatMap((l) => l.minAvailability.map((m) => m.windowMs)))].sort(
    (a, b) => a - b,
  );
  const rows = result.lanes.map(
    (l) =>
      html`<tr><th scope="row">${l.lane}</th><td class="n">${count(l.requests)}</td><td class="n">${failedText(l)}</td><td class="n">${count(l.unknown)}</td><td class="n">${durationBound(l.totalOutageMs)}</td><td class="n">${durationBound(l.targetOutageMs)}</td><td class="n">${duration(l.unobservedMs)}</td>${windows.map((w) => html`<td class="n">${percent(l.minAvailability.find((m) => m.windowMs === w)?.ratio ?? null, 'down')}</td>`)}</tr>`,
  );
  const heads = [
    'lane',
    { n: 'requests' },
    { n: 'failed' },
    { n: 'unknown' },
    { n: 'total outage seen above' },
    { n: 'one-target outage seen above' },
    { n: 'unobserved' },
    ...windows.map((w) => ({ n: `good in worst ${duration(w)}` })),
  ];
  return html`<h3>What could have been seen, per lane</h3>${table('Resolution per lane', heads, rows)}`;
}

const bounds = (lo: number | null, hi: number | null): string =>
  lo === null && hi === null ? '–' : hi === null ? `> ${duration(lo)}` : `${duration(lo)} to ${duration(hi)}`;

/** What has to be shown of it: green of a blue-green deploy comes, blue goes, any other target does both. */
function stepsOf(r: Replacement): readonly (readonly [boolean, string])[] {
  if (r.role === 'blue') return [[r.left, 'left']];
  if (r.role === 'green')
    return [
      [r.left, 'was out'],
      [r.returned, 'came in'],
    ];
  return [
    [r.left, 'left'],
    [r.replaced, 'replaced'],
    [r.returned, 'returned'],
  ];
}

function replacementRow(r: Replacement): Markup {
  const step = (ok: boolean, word: string): Markup =>
    html`<span class="nowrap">${statusMark(ok ? 'pass' : 'fail')} ${word}</span> `;
  const censored = r.needLoMs !== null && r.needHiMs === null;
  const short = censored || (r.marginMs !== null && r.marginMs < 0);
  const margin = censored ? 'too short' : duration(r.marginMs);
  return html`<tr><th scope="row" class="nowrap">${r.target}</th><td>${stepsOf(r).map(([ok, word]) => step(ok, word))}</td><td class="n">${bounds(r.detachLagLoMs, r.detachLagHiMs)}</td><td class="n">${instant(r.drainEndAt, 3)}</td><td class="n">${bounds(r.attachLagLoMs, r.attachLagHiMs)}</td><td class="n">${bounds(r.needLoMs, r.needHiMs)}</td><td class="n">${short ? html`<strong class="bad">${margin}</strong>` : margin}</td><td class="n">${count(r.inFlightAtDetach)}</td><td class="n">${count(r.silentSends)}</td><td class="n">${count(r.staleResponses)}</td></tr>`;
}

function replacements(result: RunResult): Hole {
  if (result.replacements.length === 0) return null;
  const heads = [
    'target',
    'replacement',
    { n: 'detach lag' },
    { n: 'drain ended' },
    { n: 'attach lag' },
    { n: 'sleep needed' },
    { n: 'margin' },
    { n: 'in flight at detach' },
    { n: 'sends it stayed silent for' },
    { n: 'stale answers' },
  ];
  return html`<h3>Each target left, was replaced, came back</h3>${table('Replacement per target', heads, result.replacements.map(replacementRow))}`;
}

function usage(used: Usage | null): string {
  return used === null ? 'not known' : `${count(used.inUse)} of ${count(used.limit)}`;
}

function generator(result: RunResult): Hole {
  const g = result.generator;
  const stalls = g.stalls.reduce((sum, s) => sum + (s.to - s.from), 0);
  const facts: (readonly [string, string])[] = [
    [
      'offered / sent',
      `${count(Math.round(g.offeredPerSecond * 10) / 10)} / ${count(Math.round(g.sentPerSecond * 10) / 10)} per second`,
    ],
    [
      'scheduled to sent',
      `p50 ${duration(g.latenessMsP50)}, p99 ${duration(g.latenessMsP99)}, max ${duration(g.latenessMsMax)}`,
    ],
    ['longest event-loop delay', duration(g.eventLoopDelayMaxMs)],
    ['stalls', g.stalls.length === 0 ? 'none' : `${count(g.stalls.length)}, together ${duration(stalls)}`],
    ['records lost / arrivals dropped', `${count(g.lost)} / ${count(g.dropped)}`],
    ['control target', `${count(g.controlFailed)} of ${count(g.controlSent)} failed`],
    ['ports / files in use at most', `${usage(g.limits.ports)} / ${usage(g.limits.files)}`],
    [
      'judged / baseline / all',
      `${count(result.counts.judged)} / ${count(result.counts.baseline)} / ${count(result.counts.total)} arrivals`,
    ],
    ['failed in the baseline', count(result.counts.baselineFailed)],
  ];
  return html`<h3>The generator itself</h3><dl class="facts wide">${facts.map(([k, v]) => html`<div><dt>${k}</dt><dd>${v}</dd></div>`)}</dl>`;
}

/** Claims, checks, resolution, replacement, generator: why the verdict may be believed. */
export function proofSection(result: RunResult): Markup {
  return section(
    'proof',
    'Proof',
    html`<h3>Claims</h3>${claims(result)}<h3>Checks</h3>${checks(result)}${lanes(result)}${replacements(result)}${generator(result)}${engineEyes(result)}`,
    'A missing measurement is never a success: each figure stands beside the threshold it had to meet.',
  );
}
