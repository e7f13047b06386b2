import { formatDuration } from '../domain/time.js';
import { type Check, type CheckMeta, failed, inconclusive, passed, skipped } from './check.js';

const meta: CheckMeta = {
  id: 'outage-length',
  title: 'No outage is longer than the policy tolerates',
  failureTitle: 'An outage is, or may be, longer than the policy tolerates',
  why: 'An availability ratio dilutes a short hard outage; its length is judged apart.',
  docs: {
    OUTAGE_TOO_LONG: 'Budget policy: some outage certainly lasted longer than policy.maxOutage.',
    OUTAGE_LENGTH_UNPROVEN:
      'Budget policy: some outage may have lasted longer than policy.maxOutage; the traffic cannot tell.',
  },
};

/** Second half of row 2b, and row 11. */
export const outageLength: Check = {
  meta,
  evaluate({ outages }, policy) {
    if (policy.mode !== 'budget') return skipped(meta, `the policy is ${policy.mode}, not budget`);
    const max = policy.maxOutageMs;
    const lo = outages.reduce((ms, o) => Math.max(ms, o.durationLoMs), 0);
    const hi = outages.reduce((ms, o) => Math.max(ms, o.durationHiMs), 0);
    const figures = {
      measured: `${formatDuration(lo)} – ${formatDuration(hi)}`,
      threshold: `≤ ${formatDuration(max)}`,
    };
    if (lo > max) {
      const message = `the longest outage lasted at least ${formatDuration(lo)}; ${formatDuration(max)} are tolerated`;
      return failed(meta, 'OUTAGE_TOO_LONG', {
        ...figures,
        message,
        hint: 'Remove the cause listed with that outage.',
      });
    }
    // Written so that a length that is not a number is unproven, never tolerated.
    if (!outages.every((o) => o.durationHiMs <= max)) {
      const message = `the longest outage may have lasted ${formatDuration(hi)}; ${formatDuration(max)} are tolerated`;
      return inconclusive(meta, 'OUTAGE_LENGTH_UNPROVEN', {
        ...figures,
        message,
        hint: 'Raise traffic.rate, which narrows the bounds, or policy.maxOutage.',
      });
    }
    return passed(
      meta,
      outages.length === 0 ? 'there was no outage' : `the longest outage lasted at most ${formatDuration(hi)}`,
      figures,
    );
  },
};
