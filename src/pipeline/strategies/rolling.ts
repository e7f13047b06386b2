import type { Stage, Step } from '../../domain/pipeline.js';
import type { Rollout } from '../../domain/scenario.js';
import type { Target, TargetId } from '../../domain/target.js';

/**
 * One target after the other, in the shape of the pipeline this product grew out of: the first target is the canary
 * and takes two stages (out and deployed, then in), so that a person or a gate can look between them; every further
 * target takes one stage.
 *
 *   staging-1-out: detach · sleep · deploy     staging-1-in: attach · sleep     staging-2: detach · … · attach · sleep
 */
export function rollingStages(targets: readonly [Target, ...Target[]], rollout: Rollout): [Stage, ...Stage[]] {
  const [first, ...rest] = targets;
  const stages: [Stage, ...Stage[]] = [
    { name: `${first.id}-out`, steps: outSteps(first.id, rollout) },
    { name: `${first.id}-in`, steps: inSteps(first.id, rollout) },
  ];
  for (const target of rest) {
    stages.push({ name: target.id, steps: [...outSteps(target.id, rollout), ...inSteps(target.id, rollout)] });
  }
  return stages;
}

function outSteps(target: TargetId, rollout: Rollout): [Step, ...Step[]] {
  const steps: [Step, ...Step[]] = [{ kind: 'detach', target }, ...waitSteps(target, rollout, 'after-detach')];
  if (rollout.deploy.kind !== 'none') steps.push({ kind: 'deploy', target });
  return steps;
}

function inSteps(target: TargetId, rollout: Rollout): [Step, ...Step[]] {
  return [{ kind: 'attach', target }, ...waitSteps(target, rollout, 'after-attach')];
}

/** `health` asks the balancer, `sleep` trusts the clock, `both` asks and then sleeps: the balancer's word comes early. */
function waitSteps(target: TargetId, rollout: Rollout, why: 'after-detach' | 'after-attach'): Step[] {
  const steps: Step[] = [];
  if (rollout.wait !== 'sleep') {
    const condition = why === 'after-detach' ? 'drained' : 'in-service';
    steps.push({ kind: 'await', target, condition, timeoutMs: rollout.awaitTimeoutMs });
  }
  const ms = why === 'after-detach' ? rollout.sleep.afterDetachMs : rollout.sleep.afterAttachMs;
  if (rollout.wait !== 'health' && ms > 0) steps.push({ kind: 'sleep', ms, why, target });
  return steps;
}
