import { type Check, type CheckMeta, passed, skipped, warned } from './check.js';
import { count } from './figures.js';

const meta: CheckMeta = {
  id: 'baseline-quiet',
  title: 'Nothing failed before the deploy',
  failureTitle: 'Requests failed without any deploy',
  why: 'A service that fails on its own will sooner or later do so during a deploy.',
  docs: {
    BASELINE_NOISE: 'Requests failed before the deploy, none during it.',
    BACKGROUND_FAILURES:
      'Attributed policy: requests failed during the deploy and are put down to background noise or to the causes shown.',
  },
};

/** Warnings about the service itself. */
export const baselineQuiet: Check = {
  meta,
  evaluate({ counts }, policy) {
    const { baseline, baselineFailed: k0, failed: k } = counts;
    const figures = { measured: `${count(k0)} failed of ${count(baseline)}`, threshold: '0 failed' };
    if (k === 0 && k0 > 0) {
      return warned(meta, 'BASELINE_NOISE', {
        ...figures,
        message: `${count(k0)} of ${count(baseline)} requests failed before the deploy began`,
        hint: 'Find out why the service fails without a deploy.',
      });
    }
    if (k > 0 && policy.mode === 'attributed') {
      return warned(meta, 'BACKGROUND_FAILURES', {
        ...figures,
        message: `${count(k)} requests failed during the deploy; the attributed policy weighs them against the baseline`,
        hint: 'Find out why the service fails without a deploy.',
      });
    }
    if (baseline === 0) return skipped(meta, 'there is no baseline');
    if (k0 > 0)
      return skipped(
        meta,
        `${count(k0)} of ${count(baseline)} requests failed before the deploy, and some during it too`,
      );
    return passed(meta, `${count(k0)} of ${count(baseline)} requests failed before the deploy`, figures);
  },
};
