import { RollproofError } from '../../domain/errors.js';
import type { Stage, Step } from '../../domain/pipeline.js';
import type { ExplicitStep, Rollout } from '../../domain/scenario.js';
import type { Target, TargetId } from '../../domain/target.js';
import { type Deadlines, gatesAfter } from './gates.js';

/**
 * The user's own stages, step by step, with the gates that `wait` asks for behind each change, as in a rolling deploy. A
 * sleep that is written is slept; with `both` one right behind a detach or attach counts from that change, so that
 * change, questions and sleep take the longer of the two. A sleep belongs to the detach or attach before it.
 */
export function explicitStages(
  rollout: Rollout,
  targets: readonly Target[],
  deadlines: Deadlines,
): [Stage, ...Stage[]] {
  let last: { target: TargetId; why: 'after-detach' | 'after-attach' } | null = null;
  let before: ExplicitStep['kind'] | null = null;
  const compiled = rollout.stages.map((stage): Stage => {
    const steps = stage.steps.flatMap((step): Step[] => {
      const afterChange = before === 'detach' || before === 'attach';
      before = step.kind;
      if (step.kind === 'sleep') {
        const counted = rollout.wait === 'both' && afterChange ? ({ sinceChange: true } as const) : {};
        return [
          { kind: 'sleep', ms: step.ms, why: last?.why ?? 'after-attach', target: last?.target ?? '', ...counted },
        ];
      }
      if (step.kind === 'detach') last = { target: step.target, why: 'after-detach' };
      if (step.kind === 'attach') last = { target: step.target, why: 'after-attach' };
      const target = targets.find((t) => t.id === step.target);
      return target === undefined ? [step] : [step, ...gatesAfter(step.kind, target, rollout, deadlines)];
    });
    const [first, ...rest] = steps;
    if (first === undefined) throw new RollproofError('SCENARIO_INVALID', `stage ${stage.name} has no steps`);
    return { name: stage.name, steps: [first, ...rest] };
  });
  const [first, ...rest] = compiled;
  if (first === undefined) throw new RollproofError('SCENARIO_INVALID', 'strategy `stages` needs at least one stage');
  return [first, ...rest];
}
