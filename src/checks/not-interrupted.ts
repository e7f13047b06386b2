import { type Check, type CheckMeta, inconclusive, passed } from './check.js';

const meta: CheckMeta = {
  id: 'not-interrupted',
  title: 'The run was not interrupted',
  failureTitle: 'The run was interrupted',
  why: 'Half a deploy proves nothing about the other half.',
  docs: { INTERRUPTED: 'The run was stopped by a signal before its end.' },
};

/** Row 4. */
export const notInterrupted: Check = {
  meta,
  evaluate({ conduct }) {
    const signal = conduct.interruptedBy;
    if (signal === null) return passed(meta, 'no signal stopped the run');
    return inconclusive(meta, 'INTERRUPTED', {
      measured: signal,
      threshold: 'no signal',
      message: `${signal} stopped the run before its end`,
      hint: 'Check that every target is attached (rollproof recover), then run it again.',
    });
  },
};
