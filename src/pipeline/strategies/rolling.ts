import type { Stage, Step } from '../../domain/pipeline.js';
import type { Rollout } from '../../domain/scenario.js';
import type { Target, TargetId } from '../../domain/target.js';
import { type Deadlines, gatesAfter } from './gates.js';

/**
 * One target after the other, in the shape of the pipeline this product grew out of: the first target is the canary
 * and takes two stages (out and deployed, then in), so that a person or a gate can look between them; every further
 * target takes one stage.
 *
 *   staging-1-out: detach · sleep · deploy     staging-1-in: attach · sleep     staging-2: detach · … · attach · sleep
 */
export function rollingStages(
  targets: readonly [Target, ...Target[]],
  rollout: Rollout,
  deadlines: Deadlines,
): [Stage, ...Stage[]] {
  const [first, ...rest] = targets;
  const stages: [Stage, ...Stage[]] = [
    { name: `${first.id}-out`, steps: outSteps(first, rollout, deadlines) },
    { name: `${first.id}-in`, steps: inSteps(first, rollout, deadlines) },
  ];
  for (const target of rest) {
    const steps = [...outSteps(target, rollout, deadlines), ...inSteps(target, rollout, deadlines)] as const;
    stages.push({ name: target.id, steps });
  }
  return stages;
}

/** `both` lasts until the sleep, counted from the change, is over too: the longer of the two. */
function outSteps(target: Target, rollout: Rollout, deadlines: Deadlines): [Step, ...Step[]] {
  const { id } = target;
  const deploys = rollout.deploy.kind !== 'none';
  return [
    { kind: 'detach', target: id },
    ...gatesAfter('detach', target, rollout, deadlines),
    ...sleeping(id, rollout, 'after-detach'),
    ...(deploys ? [{ kind: 'deploy' as const, target: id }, ...gatesAfter('deploy', target, rollout, deadlines)] : []),
  ];
}

function inSteps(target: Target, rollout: Rollout, deadlines: Deadlines): [Step, ...Step[]] {
  const { id } = target;
  const asked = gatesAfter('attach', target, rollout, deadlines);
  return [{ kind: 'attach', target: id }, ...asked, ...sleeping(id, rollout, 'after-attach')];
}

function sleeping(target: TargetId, rollout: Rollout, why: 'after-detach' | 'after-attach'): Step[] {
  const ms = why === 'after-detach' ? rollout.sleep.afterDetachMs : rollout.sleep.afterAttachMs;
  if (rollout.wait === 'health' || ms <= 0) return [];
  return [{ kind: 'sleep', ms, why, target, ...(rollout.wait === 'both' ? { sinceChange: true } : {}) }];
}
