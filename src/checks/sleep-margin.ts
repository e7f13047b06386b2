import { isNeedCensored } from '../domain/result.js';
import { formatDuration } from '../domain/time.js';
import { type Check, type CheckMeta, passed, skipped, warned } from './check.js';

const meta: CheckMeta = {
  id: 'sleep-margin',
  title: 'The sleep after each detach had at least a second to spare',
  failureTitle: 'The sleep after a detach only just held',
  why: 'What held by half a second today fails on a slower day.',
  docs: {
    NEAR_MISS:
      'The last request on a target ended less than 1 s before its application stopped, or was even sent after its deploy had begun.',
  },
};

/** A warning, never more: the failures themselves decide. */
export const sleepMargin: Check = {
  meta,
  evaluate({ nearMisses, replacements }) {
    const margins = replacements.flatMap((r) => (r.marginMs === null || isNeedCensored(r) ? [] : [r.marginMs]));
    const measured = margins.length === 0 ? 'unknown' : formatDuration(Math.min(...margins));
    const figures = { measured, threshold: '≥ 1 s' };
    if (nearMisses.length > 0) {
      return warned(meta, 'NEAR_MISS', {
        ...figures,
        message: nearMisses.join('; '),
        hint: 'Raise rollout.sleep.afterDetach until the margin is at least a second.',
      });
    }
    if (margins.length === 0) return skipped(meta, 'it was not observed when the applications stopped');
    return passed(meta, `the sleep had ${measured} to spare`, figures);
  },
};
