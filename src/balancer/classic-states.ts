import type { TargetState } from '../domain/target.js';

/** What DescribeInstanceHealth says while a deregistered instance still finishes its requests; its State stays `InService`. */
export const DRAINING_DESCRIPTION = 'Instance deregistration currently in progress.';
const NOT_REGISTERED = 'not currently registered';

/** Classic ELB's (State, ReasonCode, Description) → the one vocabulary used for every balancer. */
export function classicTargetState(state: string, reasonCode: string, description: string): TargetState {
  if (description.includes(NOT_REGISTERED)) return 'unused';
  if (state === 'InService') return description.startsWith(DRAINING_DESCRIPTION.slice(0, -1)) ? 'draining' : 'healthy';
  if (state === 'OutOfService') return reasonCode === 'ELB' ? 'initial' : 'unhealthy';
  return 'unavailable';
}
