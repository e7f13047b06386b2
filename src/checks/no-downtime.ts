import { formatDuration } from '../domain/time.js';
import { type Check, type CheckMeta, failed, inconclusive, passed, skipped } from './check.js';
import { deployExcessP, explainedByBaseline } from './deciding-bounds.js';
import { count, counted, percent, share } from './figures.js';

const meta: CheckMeta = {
  id: 'no-downtime',
  title: 'No request failed during the deploy',
  failureTitle: 'Requests failed during the deploy',
  why: 'Under the strict policy one failed request is downtime: a ratio would hide a short outage.',
  docs: {
    DOWNTIME_OBSERVED:
      'Strict policy: at least one request failed while the deploy ran, and the baseline does not explain it.',
    BASELINE_DIRTY:
      'Requests failed during the deploy, but just as often before it and by no deploy mechanism: the service must be quiet before a deploy can be judged strictly.',
  },
};

/** Rows 2 and 9 of the verdict table. */
export const noDowntime: Check = {
  meta,
  evaluate(evidence, policy) {
    if (policy.mode !== 'strict') return skipped(meta, `the policy is ${policy.mode}, not strict`);
    const { failed: k, judged: n } = evidence.counts;
    const figures = { measured: `${count(k)} failed of ${count(n)}`, threshold: '0 failed' };
    if (k === 0) return passed(meta, `none of ${counted(n, 'request')} failed`, figures);
    if (explainedByBaseline(evidence, policy)) {
      const { baselineFailed, baseline } = evidence.counts;
      const p = deployExcessP(evidence).toPrecision(2);
      const message = `${percent(share(k, n))} failed during the deploy and ${percent(share(baselineFailed, baseline))} before it (p ${p}): the deploy cannot be told from the noise`;
      const hint = 'Fix what fails without any deploy, or judge with policy.mode: budget or attributed.';
      return inconclusive(meta, 'BASELINE_DIRTY', { ...figures, message, hint });
    }
    const cause = evidence.outages[0]?.causes[0];
    const longest = evidence.outages.reduce((ms, o) => Math.max(ms, o.durationHiMs), 0);
    const spread =
      evidence.outages.length === 0
        ? ''
        : ` in ${counted(evidence.outages.length, 'outage')}, the longest at most ${formatDuration(longest)}`;
    const message = `${count(k)} of ${counted(n, 'request')} failed${spread}`;
    return failed(meta, 'DOWNTIME_OBSERVED', {
      ...figures,
      message,
      hint: cause?.hint ?? 'Look at the failures and what the pipeline was doing then.',
    });
  },
};
