import { type Check, type CheckMeta, inconclusive, passed, skipped } from '../check.js';
import { count, percent, share } from '../figures.js';

const meta: CheckMeta = {
  id: 'control-probe',
  title: 'The control target answered throughout',
  failureTitle: 'The control target failed too',
  why: 'When a target that is not being deployed fails as well, the fault is on the client side of the wire.',
  docs: {
    CONTROL_FAILED:
      'More requests than allowed to the control target failed, or an engine that promised to ask it never did.',
  },
};

/** CONTROL_FAILED of verdict.md §2. */
export const controlProbe: Check = {
  meta,
  evaluate({ health }, policy) {
    if (health.controlMissing !== null)
      return inconclusive(meta, 'CONTROL_FAILED', {
        measured: 'no requests to the control target',
        threshold: '> 0',
        message: health.controlMissing,
        hint: 'Let the machine that generates the traffic listen and connect on its loopback address; the warnings of the run say why it did not.',
      });
    if (health.controlSent === 0 && health.controlFailed === 0) return skipped(meta, 'there was no control target');
    const ratio = share(health.controlFailed, health.controlSent);
    const max = policy.gates.maxControlFailed;
    const figures = { measured: percent(ratio), threshold: `≤ ${percent(max)}` };
    const message = `${count(health.controlFailed)} of ${count(health.controlSent)} requests to the control target failed`;
    if (ratio <= max) return passed(meta, message, figures);
    return inconclusive(meta, 'CONTROL_FAILED', {
      ...figures,
      message,
      hint: 'Check the network and the load of the machine that generates the traffic.',
    });
  },
};
