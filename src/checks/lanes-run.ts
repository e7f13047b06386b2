import { lanesNotRun, notRunText, notRunWays } from '../domain/lane-sight.js';
import { type Check, type CheckMeta, inconclusive, passed } from './check.js';
import { listed } from './figures.js';

const meta: CheckMeta = {
  id: 'lanes-run',
  title: 'Every kind of connection the scenario asks for was used',
  failureTitle: 'A kind of connection the scenario asks for was not used',
  why: 'Some faults hit kept-alive connections alone; traffic that made none has not looked for them.',
  docs: {
    LANE_NOT_RUN:
      'A lane of traffic.lanes was left out because the engine would not see what breaks there (k6 with GET); lanes.reuse: 0 gives its claim up.',
  },
};

/** Beside row 8: what a lane that was not run would have shown is not known. */
export const lanesRun: Check = {
  meta,
  evaluate({ run: { scenario } }) {
    const missing = lanesNotRun(scenario);
    if (missing.length === 0)
      return passed(meta, 'no lane was left out', { measured: 'none left out', threshold: 'none' });
    return inconclusive(meta, 'LANE_NOT_RUN', {
      measured: `${listed(missing)} left out`,
      threshold: 'none',
      message: notRunText(scenario.service),
      hint: `Set ${notRunWays(scenario.service)}.`,
    });
  },
};
