import type { RunResult } from '../../../domain/result.js';
import { verdictIcon } from '../icon.js';
import { type Hole, html, type Markup } from '../markup.js';
import { tiles } from './tiles.js';

const list = (items: readonly Hole[]): Markup | null =>
  items.length === 0 ? null : html`<ul class="points">${items.map((i) => html`<li>${i}</li>`)}</ul>`;

/** PASS: what was proven. */
const proof = (result: RunResult): Markup | null => list(result.claims.sentences);

/** INCONCLUSIVE: what is missing, and what to change. */
function missing(result: RunResult): Markup | null {
  const open = result.checks.filter((c) => c.status === 'inconclusive');
  return list(
    open.map(
      (c) =>
        html`<strong>${c.title}:</strong> ${c.message}${c.hint === null || result.verdict.nextAction !== null ? null : html` <span class="todo">${c.hint}</span>`}`,
    ),
  );
}

/** FAIL: the likeliest cause of each outage, unless the sentence says it already. */
function causes(result: RunResult): Markup | null {
  const { sentence, nextAction } = result.verdict;
  const seen = new Set<string>([sentence]);
  const items: Hole[] = [];
  for (const o of result.outages) {
    const [best] = o.causes;
    if (seen.has(best.sentence) || sentence.includes(best.sentence)) continue;
    seen.add(best.sentence);
    items.push(html`<strong>Why:</strong> ${best.sentence}${nextAction !== null ? null : html` ${best.hint}`}`);
    if (items.length === 3) break;
  }
  const others = result.checks.filter((c) => c.status === 'fail' && c.code !== 'DOWNTIME_OBSERVED');
  items.push(...others.slice(0, 3).map((c) => html`<strong>${c.title}:</strong> ${c.message}`));
  return list(items);
}

function more(result: RunResult): Markup | null {
  if (result.verdict.kind === 'PASS') return proof(result);
  if (result.verdict.kind === 'FAIL') return causes(result);
  return missing(result);
}

function alarms(result: RunResult): Markup | null {
  const { stillDetached } = result.run;
  if (stillDetached.length === 0) return null;
  return html`<p class="alarm"><strong>Still detached from the load balancer:</strong> ${stillDetached.join(', ')}. Attach it again: <code>rollproof recover</code>.</p>`;
}

/** Verdict, sentence, next action and the five figures: what is to be understood in three seconds. */
export function bannerSection(result: RunResult): Markup {
  const { kind, sentence, nextAction, codes, warnings } = result.verdict;
  const chips = [
    ...codes.map((c) => html`<li class="chip">${c}</li>`),
    ...warnings.map((w) => html`<li class="chip soft" title="warning">${w}</li>`),
  ];
  const next = nextAction === null ? null : html`<p class="next"><strong>Next:</strong> ${nextAction}</p>`;
  return html`<section id="verdict" class="banner ${kind.toLowerCase()}" aria-labelledby="verdict-h"><div class="sign">${verdictIcon(kind)}<h1 id="verdict-h">${kind}</h1></div><div class="said"><p class="sentence">${sentence}</p>${next}${more(result)}${chips.length === 0 ? null : html`<ul class="chips" aria-label="Codes">${chips}</ul>`}</div></section>${alarms(result)}${tiles(result)}`;
}
