import { html, type Markup } from '../markup.js';
import { section } from '../table.js';

const WORDS: readonly (readonly [string, string])[] = [
  ['PASS', 'No failure was seen, every check held, and the traffic was dense and healthy enough to have shown one.'],
  ['FAIL', 'Requests failed in the deploy (or another limit was broken), as witnessed by single requests.'],
  ['INCONCLUSIVE', 'Neither: something needed for the proof is missing. It is no softer PASS.'],
  ['judged', 'Arrivals from the first detach request to the end of the last stage and the settle time after it.'],
  ['baseline', 'The same traffic just before the first detach; what is normal is measured there.'],
  [
    'outage window',
    'Failed requests close enough together to be one event. Its ends are known as well as the traffic is dense, hence the ±.',
  ],
  [
    'detach lag',
    'From the accepted detach call until the load balancer really stopped sending requests to the target.',
  ],
  ['drain ended', 'When the last request on the target had ended.'],
  ['attach lag', 'From the accepted attach call until the target answered its first request.'],
  [
    'margin',
    'From the end of the drain to the app going down: what the sleep had to spare. Negative: it was too short.',
  ],
  ['stale answer', 'The old version answered after its target had been attached with the new one.'],
  ['95 % upper', 'The true failure rate is at most this, with 95 % confidence.'],
  [
    'lane',
    'How a request uses connections: new = its own, reuse = kept alive, h2 = a stream on an HTTP/2 connection, long = held open to be in flight at a detach.',
  ],
  [
    'unknown',
    'Neither success nor failure: the generator could not send, or could not tell. It can cost the PASS, never cause a FAIL.',
  ],
];

/** Definitions, in the words used on the page. */
export function guideSection(): Markup {
  const words = WORDS.map(([k, v]) => html`<div><dt>${k}</dt><dd>${v}</dd></div>`);
  return section(
    'guide',
    'How to read this',
    html`<dl class="facts wide">${words}</dl><p>This proves this one deploy. How often such a deploy would fail takes repeated deploys to say.</p>`,
  );
}
