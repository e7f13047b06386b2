import { formatDuration } from '../domain/time.js';
import { type Check, type CheckMeta, failed, inconclusive, passed, skipped } from './check.js';
import { counted } from './figures.js';

const meta: CheckMeta = {
  id: 'slow-requests',
  title: 'Every answer met the latency objective',
  failureTitle: 'Answers were slower than the latency objective',
  why: 'A slow answer is not downtime; it is judged only where the policy sets an objective.',
  docs: { SLOW_REQUESTS: 'policy.slow is set and some successful request took longer, counted from when it was due.' },
};

/** A separate objective: never downtime. */
export const slowRequests: Check = {
  meta,
  evaluate({ slow }, policy) {
    if (policy.slowMs === null || policy.slowMs === undefined) return skipped(meta, 'no latency objective is set');
    const figures = {
      measured: slow === null ? 'unknown' : counted(slow, 'slow answer'),
      threshold: `≤ ${formatDuration(policy.slowMs)}`,
    };
    if (slow === 0) return passed(meta, `every answer took at most ${formatDuration(policy.slowMs)}`, figures);
    if (slow !== null && slow > 0) {
      const message = `${counted(slow, 'answer')} took longer than ${formatDuration(policy.slowMs)}`;
      return failed(meta, 'SLOW_REQUESTS', {
        ...figures,
        message,
        hint: 'Take fewer targets out at once, warm the application up before its attach, or add capacity.',
      });
    }
    return inconclusive(meta, 'NO_EVIDENCE', {
      ...figures,
      message: 'the latencies were not measured',
      hint: 'Run it again.',
    });
  },
};
