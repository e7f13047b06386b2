import { MECHANISMS } from '../domain/evidence.js';
import { type Check, type CheckMeta, failed, passed, skipped } from './check.js';
import { counted } from './figures.js';

const meta: CheckMeta = {
  id: 'deploy-mechanism',
  title: 'No failure has the deploy as its witnessed cause',
  failureTitle: 'The deploy caused failures',
  why: 'A failure that names the target just taken out, or the balancer, inside the window where the deploy cuts it is not background noise, however rare.',
  docs: {
    MECHANISM_WITNESSED:
      'Attributed policy: at least one failure is tied to a step of the deploy by its class, time and origin.',
  },
};

/** Second half of row 2c. */
export const deployMechanism: Check = {
  meta,
  evaluate({ mechanism, outages }, policy) {
    if (policy.mode !== 'attributed') return skipped(meta, `the policy is ${policy.mode}, not attributed`);
    const figures = { measured: counted(mechanism, 'failure'), threshold: '0' };
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
