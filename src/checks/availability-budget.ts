import { type Check, type CheckMeta, failed, passed, skipped } from './check.js';
import { failureLower } from './deciding-bounds.js';
import { count, percent } from './figures.js';

const meta: CheckMeta = {
  id: 'availability-budget',
  title: 'The failures fit the availability budget',
  failureTitle: 'More requests failed than the budget allows',
  why: 'Under the budget policy the deploy fails when even the lucky end of the confidence interval breaks the objective.',
  docs: { BUDGET_EXCEEDED: 'Budget policy: the lower confidence bound of the failure probability is above 1 − slo.' },
};

/** First half of row 2b. */
export const availabilityBudget: Check = {
  meta,
  evaluate({ counts }, policy) {
    if (policy.mode !== 'budget') return skipped(meta, `the policy is ${policy.mode}, not budget`);
    const lower = failureLower(counts, policy.alpha);
    const allowed = 1 - policy.slo;
    const figures = { measured: `≥ ${percent(lower)}`, threshold: `≤ ${percent(allowed)}` };
    if (!(lower > allowed))
      return passed(
        meta,
        `${count(counts.failed)} of ${count(counts.judged)} requests failed, which does not prove the budget broken`,
        figures,
      );
    const message = `at least ${percent(lower)} of the requests fail in such a deploy; the budget is ${percent(allowed)}`;
    return failed(meta, 'BUDGET_EXCEEDED', {
      ...figures,
      message,
      hint: 'Remove the causes listed with the outages, the largest first.',
    });
  },
};
