import { MECHANISMS } from '../domain/evidence.js';
import { type Check, type CheckMeta, failed, inconclusive, passed, skipped } from './check.js';
import { counted } from './figures.js';

const meta: CheckMeta = {
  id: 'deploy-mechanism',
  title: 'No failure has the deploy as its witnessed cause',
  failureTitle: 'The deploy caused failures',
  why: 'A failure that names the target just taken out, or the balancer, inside the window where the deploy cuts it is not background noise, however rare.',
  docs: {
    MECHANISM_WITNESSED:
      'Attributed policy: at least one failure is tied to a step of the deploy by its class, time and origin.',
    TIMES_UNCERTAIN:
      'Attributed policy: a step of a deploy that somebody else did may, or may not, have begun when a request failed as that step makes requests fail.',
  },
};

/** Second half of row 2c. */
export const deployMechanism: Check = {
  meta,
  evaluate({ mechanism, maybeMechanism = mechanism, outages }, policy) {
    if (policy.mode !== 'attributed') return skipped(meta, `the policy is ${policy.mode}, not attributed`);
    const figures = { measured: counted(mechanism, 'failure'), threshold: '0' };
    if (mechanism === 0 && maybeMechanism > 0) {
      return inconclusive(meta, 'TIMES_UNCERTAIN', {
        measured: `up to ${counted(maybeMechanism, 'failure')}`,
        threshold: '0',
        message: `${counted(maybeMechanism, 'failure')} may have been caused by a step of the deploy, whose time is only known roughly`,
        hint: 'Ask the load balancer more often (--watch-every), or let the deploy script mark its steps (rollproof mark).',
      });
    }
    if (mechanism === 0) return passed(meta, 'no failure is tied to a step of the deploy', figures);
    const cause = outages
      .flatMap((o) => o.causes)
      .filter(({ code }) => MECHANISMS.includes(code))
      .sort((a, b) => b.score - a.score)[0];
    const message = cause?.sentence ?? `${counted(mechanism, 'failure')} tied to a step of the deploy`;
    return failed(meta, 'MECHANISM_WITNESSED', {
      ...figures,
      message,
      hint: cause?.hint ?? 'Look at the causes listed with the outages.',
    });
  },
};
