import type { TargetHealthDescription } from '@aws-sdk/client-elastic-load-balancing-v2';
import { TARGET_STATES, type TargetState } from '../domain/target.js';

/** An NLB's word for an unhealthy target whose flows it lets end; it is registered all the same. */
const UNHEALTHY_DRAINING = 'unhealthy.draining';
const NOT_REGISTERED = 'Target.NotRegistered';

/**
 * DescribeTargetHealth's (State, Reason) → the one vocabulary, which is ELBv2's own, and whether the target group has
 * the target: a draining one has left it, and one that is `unused` for another reason (its zone is off, no listener
 * forwards to the group, the instance is stopped) has not. A word AWS adds one day is `unavailable`: it serves nobody
 * that we know of.
 */
export function elbv2TargetState(
  state: string,
  reason: string,
): { readonly state: TargetState; readonly registered: boolean } {
  const known = state === UNHEALTHY_DRAINING ? 'unhealthy' : (TARGET_STATES.find((each) => each === state) ?? null);
  return {
    state: known ?? 'unavailable',
    registered: known !== 'draining' && reason !== NOT_REGISTERED,
  };
}

/** Whether a target group has a target, as its health says. */
export function isRegistered({ TargetHealth }: TargetHealthDescription): boolean {
  return elbv2TargetState(TargetHealth?.State ?? '', TargetHealth?.Reason ?? '').registered;
}
