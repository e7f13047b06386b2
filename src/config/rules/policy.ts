import { DEFAULT_GATES, DEFAULT_POLICY } from '../../domain/scenario.js';
import { formatDuration } from '../../domain/time.js';
import { type Rule, warning } from './rule.js';

const MS_GATES = [
  ['maxStall', DEFAULT_GATES.maxStallMs],
  ['late', DEFAULT_GATES.lateMs],
  ['maxClockError', DEFAULT_GATES.maxClockErrorMs],
] as const;
const UPPER_GATES = ['maxLost', 'maxDropped', 'maxClientErrors', 'maxForged', 'maxLate', 'maxControlFailed'] as const;
const LOWER_GATES = ['minBaseline', 'minStamped'] as const;

/** A looser gate is how a PASS becomes cheap; whoever does it shall see it said. */
const gatesAreTight: Rule = {
  reads: ['policy.gates', 'policy.alpha'],
  findings: ({ policy: { gates, alpha } }) => {
    const loose = (key: string, usual: string | number) =>
      warning(
        ['policy', 'gates', key],
        `is looser than the default of ${usual}: a PASS proves less`,
        'repair what the gate complains of instead',
      );
    return [
      ...UPPER_GATES.filter((key) => gates[key] > DEFAULT_GATES[key]).map((key) => loose(key, DEFAULT_GATES[key])),
      ...LOWER_GATES.filter((key) => gates[key] < DEFAULT_GATES[key]).map((key) => loose(key, DEFAULT_GATES[key])),
      ...MS_GATES.filter(([key, usual]) => gates[key] > usual).map(([key, usual]) => loose(key, formatDuration(usual))),
      ...(alpha > DEFAULT_POLICY.alpha
        ? [
            warning(
              ['policy', 'alpha'],
              `allows more wrong statements than the default of ${DEFAULT_POLICY.alpha}`,
              'a smaller alpha asks for more requests, not for fewer',
            ),
          ]
        : []),
    ];
  },
};

/** Settings of another mode are silently without effect. */
const modeUsesSettings: Rule = {
  reads: ['policy.mode', 'policy.maxOutage', 'policy.delta'],
  findings: ({ policy }, isWritten) => [
    ...(policy.mode !== 'budget' && isWritten(['policy', 'maxOutage'])
      ? [
          warning(
            ['policy', 'maxOutage'],
            `is not used in mode ${policy.mode}`,
            'use `mode: budget` to tolerate outages up to that length',
          ),
        ]
      : []),
    ...(policy.mode !== 'attributed' && isWritten(['policy', 'delta'])
      ? [
          warning(
            ['policy', 'delta'],
            `is not used in mode ${policy.mode}`,
            'use `mode: attributed` to compare with the baseline',
          ),
        ]
      : []),
  ],
};

/** Rules about `policy:`. */
export const POLICY_RULES: readonly Rule[] = [gatesAreTight, modeUsesSettings];
