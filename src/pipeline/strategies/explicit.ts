import { RollproofError } from '../../domain/errors.js';
import type { Stage, Step } from '../../domain/pipeline.js';
import type { ExplicitStage } from '../../domain/scenario.js';
import type { TargetId } from '../../domain/target.js';

/** The user's own stages, step by step. A sleep belongs to the detach or attach before it. */
export function explicitStages(stages: readonly ExplicitStage[]): [Stage, ...Stage[]] {
  let last: { target: TargetId; why: 'after-detach' | 'after-attach' } | null = null;
  const compiled = stages.map((stage): Stage => {
    const steps = stage.steps.map((step): Step => {
      if (step.kind === 'sleep') {
        return { kind: 'sleep', ms: step.ms, why: last?.why ?? 'after-attach', target: last?.target ?? '' };
      }
      if (step.kind === 'detach') last = { target: step.target, why: 'after-detach' };
      if (step.kind === 'attach') last = { target: step.target, why: 'after-attach' };
      return step;
    });
    const [first, ...rest] = steps;
    if (first === undefined) throw new RollproofError('SCENARIO_INVALID', `stage ${stage.name} has no steps`);
    return { name: stage.name, steps: [first, ...rest] };
  });
  const [first, ...rest] = compiled;
  if (first === undefined) throw new RollproofError('SCENARIO_INVALID', 'strategy `stages` needs at least one stage');
  return [first, ...rest];
}
