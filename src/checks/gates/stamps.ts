import { type Check, type CheckMeta, inconclusive, passed } from '../check.js';
import { percent } from '../figures.js';

const meta: CheckMeta = {
  id: 'stamps',
  title: 'Responses say which target and version made them',
  failureTitle: 'Responses do not say which target and version made them',
  why: 'Without the stamps nobody can tell that a target left, came back, or runs the new version.',
  docs: { STAMP_MISSING: 'Too few of the successes before the deploy carried the target and version headers.' },
};

/** STAMP_MISSING of verdict.md §2. */
export const stamps: Check = {
  meta,
  evaluate({ health, run }, policy) {
    const min = policy.gates.minStamped;
    const coverage = health.stampCoverage;
    const figures = { measured: percent(coverage), threshold: `≥ ${percent(min)}` };
    const message =
      coverage === null
        ? 'nothing succeeded before the deploy'
        : `${percent(coverage)} of the successes before the deploy carried both headers`;
    if (coverage !== null && coverage >= min) return passed(meta, message, figures);
    const { target, version } = run.scenario.service.identity;
    return inconclusive(meta, 'STAMP_MISSING', {
      ...figures,
      message,
      hint: `Let the application send the response headers ${target} and ${version}, or name the ones it sends in service.identity.`,
    });
  },
};
