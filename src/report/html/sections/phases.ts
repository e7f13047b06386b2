import type { RunResult } from '../../../domain/result.js';
import { count, percent, probability } from '../../figures.js';
import { instantSpan } from '../instant.js';
import { html, type Markup } from '../markup.js';
import { zoomLink } from '../svg/lanes.js';
import { section, table } from '../table.js';

/** What each phase kind is, for the reader who meets the word first here. */
const KIND_WORDS = {
  baseline: 'before the deploy',
  detach: 'the detach call',
  drain: 'out of the balancer, app still up',
  stopping: 'app told to stop',
  down: 'app down',
  ready: 'app up, not yet attached',
  deploy: 'being deployed (the app’s own life was not observed)',
  attach: 'the attach call',
  settle: 'attached again',
} as const;

/** Phase × requests × failed × rate × bound × main error. */
export function phasesSection(result: RunResult): Markup {
  const guilty = result.phases.reduce((top, p) => Math.max(top, p.failed), 0);
  const rows = result.phases.map((p) => {
    const { phase } = p;
    const name = phase.target === null ? phase.kind : `${phase.target} › ${phase.kind}`;
    const bad = p.failed > 0 && phase.kind !== 'baseline';
    return html`<tr${bad ? html` class="bad-row"` : null}><th scope="row"><a href="${zoomLink(phase.from, phase.to)}">${name}</a> <span class="soft">${KIND_WORDS[phase.kind]}</span></th><td class="n nowrap">${instantSpan(phase.from, phase.to)}</td><td class="n">${count(p.requests)}</td><td class="n">${p.failed > 0 ? html`<strong class="bad">${count(p.failed)}</strong>` : '0'}${p.ambiguous > 0 ? html` <span class="soft">(${count(p.ambiguous)} on an edge)</span>` : null}</td><td class="n">${p.requests > 0 ? percent(p.rate) : '–'}</td><td class="n">${p.requests > 0 ? `≤ ${percent(p.rateUpper, 'up')}` : '–'}</td><td class="n">${probability(p.excessP)}</td><td>${p.mainError}</td></tr>`;
  });
  const lead =
    result.phases.length === 0
      ? 'No phase: no detach was seen in this run.'
      : guilty === 0
        ? 'No phase holds a failed request.'
        : 'Failed requests by what was going on when they failed. p: how likely as many would be at the baseline’s rate (exact test, Holm-adjusted).';
  const heads = [
    'phase',
    { n: 'when' },
    { n: 'requests' },
    { n: 'failed' },
    { n: 'rate' },
    { n: '95 % upper' },
    { n: 'p' },
    'main error',
  ];
  return section(
    'phases',
    'Where the failures fall',
    rows.length === 0 ? null : table('Failures by phase', heads, rows),
    lead,
  );
}
