import { type Check, type CheckMeta, inconclusive, passed, skipped, warned } from './check.js';
import { listed } from './figures.js';

const meta: CheckMeta = {
  id: 'drain-exercised',
  title: 'Requests were in flight on every target when it was detached',
  failureTitle: 'Some target had no request in flight when it was detached',
  why: 'Draining is only tested by a request that is being served while the target leaves; short requests almost never are.',
  docs: {
    DRAIN_NOT_EXERCISED:
      'No request was in flight on some target when it was detached: a warning, or INCONCLUSIVE with policy.requireDrain.',
  },
};

/** Second half of row 7. */
export const drainExercised: Check = {
  meta,
  evaluate({ replacements: all }, policy) {
    const replacements = all.filter((r) => r.role !== 'green');
    if (replacements.length === 0) return skipped(meta, 'no target was detached');
    const idle = replacements.filter((r) => !(r.inFlightAtDetach >= 1));
    const figures = {
      measured: replacements.map((r) => `${r.target}: ${r.inFlightAtDetach}`).join(', '),
      threshold: '≥ 1 each',
    };
    if (idle.length === 0) return passed(meta, 'draining was put to the test on every target', figures);
    const finding = {
      ...figures,
      message: `no request was in flight on ${listed(idle.map((r) => r.target))} at the detach, so this run says nothing about draining there`,
      hint: 'Add or raise the long lane (traffic.lanes.long): its rate × hold time ÷ targets should be 4.6 or more.',
    };
    return policy.requireDrain
      ? inconclusive(meta, 'DRAIN_NOT_EXERCISED', finding)
      : warned(meta, 'DRAIN_NOT_EXERCISED', finding);
  },
};
