import { type Check, type CheckMeta, failed, inconclusive, passed, skipped } from './check.js';
import { deployExcessP } from './deciding-bounds.js';
import { count, percent, share } from './figures.js';

const meta: CheckMeta = {
  id: 'excess-failures',
  title: 'The deploy failed no more often than the baseline',
  failureTitle: 'The deploy failed more often than the baseline',
  why: 'Under the attributed policy a noisy service is excused for the failures it has without a deploy, and for no more.',
  docs: {
    EXCESS_FAILURES:
      'Attributed policy: an exact test finds more failures during the deploy than the baseline explains.',
  },
};

/** First half of row 2c. */
export const excessFailures: Check = {
  meta,
  evaluate(evidence, policy) {
    const { counts } = evidence;
    if (policy.mode !== 'attributed') return skipped(meta, `the policy is ${policy.mode}, not attributed`);
    if (counts.failed === 0) return passed(meta, 'nothing failed');
    const p = deployExcessP(evidence);
    const figures = { measured: `p ${p.toPrecision(2)}`, threshold: `p > ${policy.excessAlpha}` };
    const rates = `${percent(share(counts.failed, counts.judged))} of the requests failed during the deploy (${count(counts.failed)}), ${percent(share(counts.baselineFailed, counts.baseline))} before it (${count(counts.baselineFailed)})`;
    if (p > policy.excessAlpha) return passed(meta, rates, figures);
    const hint = 'Look at the causes listed with the outages.';
    if (p <= policy.excessAlpha) return failed(meta, 'EXCESS_FAILURES', { ...figures, message: rates, hint });
    return inconclusive(meta, 'TOO_FEW_REQUESTS', {
      ...figures,
      message: 'the test against the baseline gave no figure',
      hint,
    });
  },
};
