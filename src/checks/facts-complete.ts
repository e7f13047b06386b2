import { type Check, type CheckMeta, inconclusive, passed } from './check.js';

const meta: CheckMeta = {
  id: 'facts-complete',
  title: 'The run directory holds the whole run',
  failureTitle: 'The run directory does not hold the whole run',
  why: 'What is missing from the facts may be the very failure; a cut record can show downtime but never its absence.',
  docs: {
    FACTS_INCOMPLETE:
      'The journal or a sample stream ends early, the run did not end in order, a fact could not be recorded, or records contradict themselves.',
  },
};

/** Beside the gates of row 6. */
export const factsComplete: Check = {
  meta,
  evaluate({ conduct }) {
    if (conduct.missing.length === 0) return passed(meta, 'journal and sample streams end in order');
    return inconclusive(meta, 'FACTS_INCOMPLETE', {
      measured: `${conduct.missing.length} missing`,
      threshold: '0 missing',
      message: conduct.missing.join('; '),
      hint: 'Check that every target is attached (rollproof recover) and that the disk is not full, then run it again.',
    });
  },
};
