import type { AwaitCondition, Step } from '../../domain/pipeline.js';
import type { Rollout } from '../../domain/scenario.js';
import type { Target } from '../../domain/target.js';

/** When an `await` gives up, ms. */
export interface Deadlines {
  readonly afterDetachMs: number;
  readonly afterAttachMs: number;
}

/**
 * What is asked after a step, when the balancer is asked at all: after the detach whether the target is drained, after
 * the deploy whether the target itself answers with the new version (where its address is known), after the attach
 * whether it is in service and an answer of it came through the balancer.
 */
export function gatesAfter(
  kind: 'detach' | 'deploy' | 'attach',
  target: Target,
  { wait, deploy }: Pick<Rollout, 'wait' | 'deploy'>,
  { afterDetachMs, afterAttachMs }: Deadlines,
): Step[] {
  if (wait === 'sleep') return [];
  const awaiting = (condition: AwaitCondition, timeoutMs: number): Step => ({
    kind: 'await',
    target: target.id,
    condition,
    timeoutMs,
  });
  if (kind === 'detach') return [awaiting('drained', afterDetachMs)];
  if (kind === 'attach') return [awaiting('in-service', afterAttachMs), awaiting('seen', afterAttachMs)];
  return deploy.kind === 'none' || (target.url ?? null) === null ? [] : [awaiting('answers', afterAttachMs)];
}
