import type { TargetId } from './target.js';
import { formatDuration } from './time.js';

/**
 * What an `await` step waits for: `drained` and `in-service` by the balancer's word, `answers` by the target's own
 * (asked past the balancer, new version), `seen` by an answer of the new version that came through the balancer.
 */
export type AwaitCondition = 'drained' | 'in-service' | 'answers' | 'seen';

const CONDITIONS = {
  drained: 'drained',
  'in-service': 'in service',
  answers: 'to answer',
  seen: 'to be seen through the load balancer',
} as const satisfies Record<AwaitCondition, string>;

/** One thing the engine does. `why` says what a sleep is for, so evidence can name it. */
export type Step =
  | { readonly kind: 'attach' | 'deploy'; readonly target: TargetId }
  | {
      readonly kind: 'detach';
      readonly target: TargetId;
      /** It is meant to stay out, once its stage has ended well (blue of blue-green). */
      readonly forGood?: true;
    }
  | {
      readonly kind: 'sleep';
      readonly ms: number;
      readonly why: 'after-detach' | 'after-attach';
      readonly target: TargetId;
      /** Counted from the detach or attach before it, so that the time spent asking is part of it. */
      readonly sinceChange?: true;
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

/** The stages of a run as a display lists them; none where somebody else does the deploy. */
export interface PlannedSteps {
  readonly stages: readonly { readonly name: string; readonly steps: readonly Step[] }[];
}

/** One step in a few words: `detach staging-1`, `sleep 5 s`, `await staging-1 in service`. */
export function stepLabel(step: Step): string {
  if (step.kind === 'sleep') return `sleep ${formatDuration(step.ms)}`;
  if (step.kind === 'await') return `await ${step.target} ${CONDITIONS[step.condition]}`;
  return `${step.kind} ${step.target}`;
}
