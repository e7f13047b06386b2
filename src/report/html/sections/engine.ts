import type { RunResult } from '../../../domain/result.js';
import { caseWords, FAULT_WORDS, selfTestSentence } from '../../engine-texts.js';
import { type Hole, html } from '../markup.js';
import { table } from '../table.js';

/** What the traffic engine can see, as it says and as it was tested; nothing for runs that do not hold it. */
export function engineEyes({ run }: RunResult): Hole {
  if (run.engine === undefined) return null;
  const { capabilities, selfTest } = run.engine;
  const limits = capabilities.limits ?? [];
  const rows = (selfTest?.cases ?? []).map(
    (one) =>
      html`<tr><th scope="row">${FAULT_WORDS[one.fault]}</th><td class="n">${caseWords(one)}</td><td>${one.promised ? 'yes' : 'no'}</td></tr>`,
  );
  return html`<h3>What the traffic engine can see</h3><p>${capabilities.name}: ${selfTestSentence(run.engine)}</p>${limits.length === 0 ? null : html`<ul class="points">${limits.map((limit) => html`<li>${limit}</li>`)}</ul>`}${rows.length === 0 ? null : table('Self-test of the traffic engine', ['fault', { n: 'seen of injected' }, 'vouched for'], rows)}`;
}
