import { formatDuration } from '../../domain/time.js';
import { type Check, type CheckMeta, inconclusive, passed } from '../check.js';

const meta: CheckMeta = {
  id: 'clock',
  title: 'Traffic and deploy share one clock',
  failureTitle: 'The clocks of traffic and deploy differ too much',
  why: 'A failure can only be tied to a step when both are timed alike.',
  docs: {
    CLOCK_SKEW:
      'The clocks of the hosts are uncertain by more than allowed, or samples lie outside their own traffic or run backwards.',
  },
};

/** CLOCK_SKEW of verdict.md §2; 0 when everything ran on one host. */
export const clock: Check = {
  meta,
  evaluate({ health }, policy) {
    const max = policy.gates.maxClockErrorMs;
    const figures = { measured: formatDuration(health.clockErrorMs), threshold: `≤ ${formatDuration(max)}` };
    const message = `times agree to ${formatDuration(health.clockErrorMs)}`;
    if (health.clockErrorMs <= max) return passed(meta, message, figures);
    return inconclusive(meta, 'CLOCK_SKEW', {
      ...figures,
      message,
      hint: 'Run traffic and pipeline on one host, or synchronise the clocks.',
    });
  },
};
