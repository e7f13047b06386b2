import { type Check, type CheckMeta, inconclusive, passed } from '../check.js';
import { count } from '../figures.js';

const meta: CheckMeta = {
  id: 'baseline-length',
  title: 'The baseline is long enough to compare with',
  failureTitle: 'The baseline is too short to compare with',
  why: 'What the service does without a deploy must be known before a deploy can be judged.',
  docs: { BASELINE_SHORT: 'Fewer requests than required between warm-up and the first detach.' },
};

/** BASELINE_SHORT of verdict.md §2. */
export const baselineLength: Check = {
  meta,
  evaluate({ health }, policy) {
    const min = policy.gates.minBaseline;
    const figures = { measured: count(health.baseline), threshold: `≥ ${count(min)}` };
    const message = `${count(health.baseline)} requests between warm-up and the first detach`;
    if (health.baseline >= min) return passed(meta, message, figures);
    return inconclusive(meta, 'BASELINE_SHORT', {
      ...figures,
      message,
      hint: 'Raise traffic.baseline or traffic.rate.',
    });
  },
};
