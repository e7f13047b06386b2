import { type Check, type CheckMeta, inconclusive, passed, skipped } from './check.js';

const meta: CheckMeta = {
  id: 'deploy-complete',
  title: 'Every step of the deploy was done',
  failureTitle: 'The deploy did not complete',
  why: 'A deploy that stopped half-way left something unproven, even when no request failed.',
  docs: { DEPLOY_INCOMPLETE: 'A step of the pipeline failed or was never reached.' },
};

/** Second half of row 6. */
export const deployComplete: Check = {
  meta,
  evaluate({ run, conduct }) {
    if (run.deploy === 'not-started') return skipped(meta, 'no deploy was started');
    if (run.deploy === 'complete' && conduct.deployProblem === null)
      return passed(meta, 'all steps were done', { measured: 'complete', threshold: 'complete' });
    return inconclusive(meta, 'DEPLOY_INCOMPLETE', {
      measured: run.deploy,
      threshold: 'complete',
      message: conduct.deployProblem ?? `the deploy ended as ${run.deploy}`,
      hint: 'Read the output of the failed step, repair it, check that every target is attached, then run it again.',
    });
  },
};
