import { type Check, type CheckMeta, inconclusive, passed } from './check.js';
import { count, counted } from './figures.js';

const meta: CheckMeta = {
  id: 'evidence-exists',
  title: 'There is a deploy and traffic to judge',
  failureTitle: 'There is nothing to judge',
  why: 'No facts, no verdict: zero requests, or no detach, is never a success.',
  docs: { NO_EVIDENCE: 'No deploy happened, or not one judged request had a known outcome.' },
};

/** Row 5. */
export const evidenceExists: Check = {
  meta,
  evaluate({ counts, run, window, conduct }) {
    const known = counts.judged - counts.unknown;
    const figures = { measured: counted(known, 'known outcome'), threshold: '≥ 1' };
    const hint = 'Look at the messages of the run, then run it again.';
    if (run.deploy === 'not-started' || window === null) {
      const message = `no target was detached, so there is no deploy to judge${conduct.deployProblem === null ? '' : `: ${conduct.deployProblem}`}`;
      return inconclusive(meta, 'NO_EVIDENCE', { ...figures, message, hint });
    }
    if (known > 0) return passed(meta, `${count(known)} requests with a known outcome while the deploy ran`, figures);
    return inconclusive(meta, 'NO_EVIDENCE', {
      ...figures,
      message: 'no request with a known outcome ran during the deploy',
      hint,
    });
  },
};
