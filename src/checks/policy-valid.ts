import type { Policy } from '../domain/scenario.js';
import { type Check, type CheckMeta, inconclusive, passed } from './check.js';

const meta: CheckMeta = {
  id: 'policy-valid',
  title: 'The policy can be judged by',
  failureTitle: 'The policy cannot be judged by',
  why: 'A threshold that is missing or not a number would let anything pass.',
  docs: { CONFIG_ERROR: 'The policy of the run holds a value that no figure can be compared with.' },
};

const MODES: readonly string[] = ['strict', 'budget', 'attributed'];

/** Row 1, first half. Scenario files are checked when they are read; a run directory may come from anywhere. */
export const policyValid: Check = {
  meta,
  evaluate(_evidence, policy) {
    const bad = problems(policy);
    if (bad.length === 0) return passed(meta, `policy ${policy.mode}`);
    return inconclusive(meta, 'CONFIG_ERROR', {
      measured: bad.join(', '),
      threshold: 'numbers in range',
      message: `the policy of this run has no usable ${bad.join(', ')}`,
      hint: 'Repair the policy in the scenario file, then run it again.',
    });
  },
};

function problems(policy: Policy): readonly string[] {
  const probability = (v: unknown) => typeof v === 'number' && v > 0 && v < 1;
  const amount = (v: unknown) => typeof v === 'number' && Number.isFinite(v) && v >= 0;
  const rules: readonly (readonly [string, boolean])[] = [
    ['mode', MODES.includes(policy.mode)],
    ['alpha', probability(policy.alpha)],
    ['excessAlpha', probability(policy.excessAlpha)],
    ['slo', probability(policy.slo)],
    ['fullOutage', amount(policy.fullOutageMs)],
    ['targetOutage', amount(policy.targetOutageMs)],
    ['maxOutage', amount(policy.maxOutageMs)],
    ['delta', amount(policy.delta)],
    ['requireDrain', typeof policy.requireDrain === 'boolean'],
    ['slow', policy.slowMs === null || amount(policy.slowMs)],
    ...Object.entries(policy.gates ?? { gates: null }).map(([name, v]) => [`gates.${name}`, amount(v)] as const),
  ];
  return rules.filter(([, ok]) => !ok).map(([name]) => name);
}
