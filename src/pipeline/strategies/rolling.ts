import type { AwaitCondition, Stage, Step } from '../../domain/pipeline.js';
import type { Rollout } from '../../domain/scenario.js';
import type { Target, TargetId } from '../../domain/target.js';

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
    { name: `${first.id}-in`, steps: inSteps(first.id, rollout, deadlines) },
  ];
  for (const target of rest) {
    const steps = [...outSteps(target, rollout, deadlines), ...inSteps(target.id, rollout, deadlines)] as const;
    stages.push({ name: target.id, steps });
  }
  return stages;
}

interface Deadlines {
  readonly afterDetachMs: number;
  readonly afterAttachMs: number;
}

/**
 * What is asked, when the balancer is asked at all: after the detach whether it is drained, after the deploy whether
 * the target itself answers with the new version (where its address is known), after the attach whether it is in
 * service and an answer of it came through the balancer. `both` lasts until the sleep, counted from the change, is over
 * too: the longer of the two.
 */
function outSteps(target: Target, rollout: Rollout, deadlines: Deadlines): [Step, ...Step[]] {
  const { id } = target;
  const asks = rollout.wait !== 'sleep';
  const drained = asks ? [awaiting(id, 'drained', deadlines.afterDetachMs)] : [];
  const deploys = rollout.deploy.kind !== 'none';
  const answers = asks && deploys && (target.url ?? null) !== null;
  return [
    { kind: 'detach', target: id },
    ...drained,
    ...sleeping(id, rollout, 'after-detach'),
    ...(deploys ? [{ kind: 'deploy' as const, target: id }] : []),
    ...(answers ? [awaiting(id, 'answers', deadlines.afterAttachMs)] : []),
  ];
}

function inSteps(target: TargetId, rollout: Rollout, deadlines: Deadlines): [Step, ...Step[]] {
  const ms = deadlines.afterAttachMs;
  const asked = rollout.wait === 'sleep' ? [] : [awaiting(target, 'in-service', ms), awaiting(target, 'seen', ms)];
  return [{ kind: 'attach', target }, ...asked, ...sleeping(target, rollout, 'after-attach')];
}

function awaiting(target: TargetId, condition: AwaitCondition, timeoutMs: number): Step {
  return { kind: 'await', target, condition, timeoutMs };
}

function sleeping(target: TargetId, rollout: Rollout, why: 'after-detach' | 'after-attach'): Step[] {
  const ms = why === 'after-detach' ? rollout.sleep.afterDetachMs : rollout.sleep.afterAttachMs;
  if (rollout.wait === 'health' || ms <= 0) return [];
  return [{ kind: 'sleep', ms, why, target, ...(rollout.wait === 'both' ? { sinceChange: true } : {}) }];
}
