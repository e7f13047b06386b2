import type { Replacement, RunResult } from '../../../domain/result.js';
import { accessLogRows } from '../../access-log-facts.js';
import { duration } from '../../figures.js';
import { instant, instantLink, instantSpan } from '../instant.js';
import { type Hole, html, type Markup } from '../markup.js';
import { zoomLink } from '../svg/lanes.js';
import { STATE_LOOK, swatch } from '../svg/palette.js';
import { section, table } from '../table.js';

function calls(result: RunResult): Hole {
  if (result.timeline.calls.length === 0) return html`<p>No call that changes membership was made.</p>`;
  const rows = result.timeline.calls.map(
    (c) =>
      html`<tr><td>${instantLink(c.requestedAt, c.respondedAt, 3)}</td><td>${c.operation} ${c.target}</td><td class="n">${duration(c.respondedAt - c.requestedAt)}</td><td>${c.observed === true ? 'seen from outside: at some moment of that time' : c.error === null ? 'accepted' : html`<span class="bad">${c.error}</span>`}</td></tr>`,
  );
  return table('Calls to the load balancer', ['asked', 'call', { n: 'answered after' }, 'answer'], rows);
}

const seen = (r: Replacement | undefined): Hole =>
  r === undefined
    ? '–'
    : html`last routed ${instant(r.lastRoutedAt, 3)}, first served again ${instant(r.firstServedAt, 3)}`;

function states(result: RunResult): Hole {
  const rows = result.timeline.targets.flatMap((t) => {
    const r = result.replacements.find((x) => x.target === t.target);
    return t.reported.map(
      (s, i) =>
        html`<tr>${i === 0 ? html`<th scope="rowgroup" rowspan="${t.reported.length}">${t.target}<br><span class="soft">traffic: ${seen(r)}</span></th>` : null}<td class="n nowrap"><a href="${zoomLink(s.from, s.to)}">${instantSpan(s.from, s.to)}</a></td><td class="nowrap">${swatch(STATE_LOOK[s.state])} ${STATE_LOOK[s.state].word}</td><td class="n">${duration(s.to - s.from)}</td><td>${s.description}</td></tr>`,
    );
  });
  if (rows.length === 0) return null;
  return html`<h3>States: as reported, and as seen in the traffic</h3>${table('Reported states by target', ['target', { n: 'when' }, 'reported', { n: 'for' }, 'the load balancer’s words'], rows)}`;
}

function accessLog({ accessLog: log }: RunResult): Hole {
  if (log === undefined) return null;
  const rows = accessLogRows(log).map(([k, v]) => html`<div><dt>${k}</dt><dd>${v}</dd></div>`);
  return html`<h3>Its access log, while the deploy ran</h3><dl class="facts wide">${rows}</dl>`;
}

function settings(result: RunResult): Hole {
  const b = result.run.balancer;
  if (b === null) return null;
  const yes = (v: boolean | null): string => (v === null ? 'not said' : v ? 'on' : 'off');
  const check = b.healthCheck;
  const facts: (readonly [string, string])[] = [
    ['kind', b.kind],
    ['name', b.name],
    ['address', b.dnsName ?? 'not said'],
    ['zones', b.zones.join(', ')],
    ['members at the start', b.members.join(', ')],
    [
      'connection draining',
      `${yes(b.drainingEnabled)}${b.drainTimeoutMs === null ? '' : `, at most ${duration(b.drainTimeoutMs)}`}`,
    ],
    ['idle timeout', b.idleTimeoutMs === null ? 'not said' : duration(b.idleTimeoutMs)],
    ['cross-zone', yes(b.crossZone)],
    [
      'health check',
      check === null
        ? 'not said'
        : `${check.target} every ${duration(check.intervalMs)}, timeout ${duration(check.timeoutMs)}, healthy after ${check.healthyThreshold}, unhealthy after ${check.unhealthyThreshold}`,
    ],
  ];
  return html`<details><summary>Settings of the load balancer</summary><dl class="facts">${facts.map(([k, v]) => html`<div><dt>${k}</dt><dd>${v}</dd></div>`)}</dl></details>`;
}

/** The load balancer's calls and states, as it reported them and as the traffic shows them. */
export function balancerSection(result: RunResult): Markup {
  return section(
    'balancer',
    'Load balancer view',
    html`${calls(result)}${states(result)}${accessLog(result)}${settings(result)}`,
    'An accepted call is not yet a moved target: traffic follows after the lag shown under Proof.',
  );
}
