import type { Counts } from '../domain/result.js';
import { zeroFailureN } from '../stats/binomial.js';
import { type Check, type CheckMeta, inconclusive, passed } from './check.js';
import { excessUpper, failureUpper } from './deciding-bounds.js';
import { count, percent } from './figures.js';

const meta: CheckMeta = {
  id: 'enough-requests',
  title: 'Enough requests for the availability objective',
  failureTitle: 'Too few requests for the availability objective',
  why: 'Few requests without a failure prove little: 0 of 300 still allows 1 %.',
  docs: {
    TOO_FEW_REQUESTS:
      'The upper confidence bound of the failure probability, unknown outcomes counted as failures, is above the objective.',
  },
};

function hintFor(counts: Counts, attributed: boolean, allowed: number, alpha: number, ratePerSecond: number): string {
  const need = zeroFailureN(allowed, alpha);
  if (attributed || !Number.isFinite(need)) return 'Raise traffic.rate, or traffic.baseline, or policy.delta.';
  if (counts.failed + counts.unknown > 0) {
    return `Clear up the failed and unknown requests first: without any, ${count(need)} requests are enough.`;
  }
  const rate = Math.ceil((ratePerSecond * need) / Math.max(1, counts.judged));
  return `Raise traffic.rate to at least ${count(rate)} per second: ${count(need)} requests are needed.`;
}

/** Row 10. */
export const enoughRequests: Check = {
  meta,
  evaluate({ counts, run }, policy) {
    const attributed = policy.mode === 'attributed';
    const upper = attributed ? excessUpper(counts, policy.alpha) : failureUpper(counts, policy.alpha);
    const allowed = attributed ? policy.delta : 1 - policy.slo;
    const figures = { measured: `≤ ${percent(upper)}`, threshold: `≤ ${percent(allowed)}` };
    const confidence = percent(1 - policy.alpha);
    if (upper <= allowed)
      return passed(
        meta,
        `at most ${percent(upper)} ${attributed ? 'more requests fail than before' : 'of such requests fail'} (confidence ${confidence})`,
        figures,
      );
    const doubt = counts.unknown > 0 ? `, ${count(counts.unknown)} of them with an unknown outcome` : '';
    const message = `${count(counts.judged)} requests${doubt} only show a failure probability ${attributed ? 'in excess of the baseline ' : ''}of at most ${percent(upper)}; ${percent(allowed)} was to be shown`;
    return inconclusive(meta, 'TOO_FEW_REQUESTS', {
      ...figures,
      message,
      hint: hintFor(counts, attributed, allowed, policy.alpha, run.scenario.traffic.ratePerSecond),
    });
  },
};
