import type { TargetId } from './target.js';
import { formatDuration } from './time.js';

export type AwaitCondition = 'drained' | 'in-service';

/** One thing the engine does. `why` says what a sleep is for, so evidence can name it. */
export type Step =
  | { readonly kind: 'detach' | 'attach' | 'deploy'; readonly target: TargetId }
  | {
      readonly kind: 'sleep';
      readonly ms: number;
      readonly why: 'after-detach' | 'after-attach';
      readonly target: TargetId;
    }
  | {
      readonly kind: 'await';
      readonly target: TargetId;
      readonly condition: AwaitCondition;
      readonly timeoutMs: number;
    };

/** A group of steps that runs to its end before the next stage starts (GoCD's word). */
export interface Stage {
  readonly name: string;
  readonly steps: readonly [Step, ...Step[]];
}

export interface Pipeline {
  readonly stages: readonly [Stage, ...Stage[]];
}

/** One step in a few words: `detach staging-1`, `sleep 5 s`, `await staging-1 in service`. */
export function stepLabel(step: Step): string {
  if (step.kind === 'sleep') return `sleep ${formatDuration(step.ms)}`;
  if (step.kind === 'await') return `await ${step.target} ${step.condition === 'drained' ? 'drained' : 'in service'}`;
  return `${step.kind} ${step.target}`;
}
