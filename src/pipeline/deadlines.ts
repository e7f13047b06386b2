import type { BalancerFacts } from '../domain/ports.js';
import type { Rollout, Scenario } from '../domain/scenario.js';

/** "Base register/deregister action may take up to about 30 seconds" (aws-codedeploy-samples, elb/common_functions.sh). */
export const AWS_ACTION_MS = 30_000;
/** For the polling itself and a slow API. */
const MARGIN_MS = 10_000;
/** For a balancer that tells nothing of itself. */
const UNKNOWN_MS = 5 * 60_000;

/** How long a detach and an attach may take, ms: what to expect at worst, and when to give up. */
export interface ExpectedWaits {
  /** Until no node routes to a detached target any more and what was in flight has ended; null = it does not tell. */
  readonly detachWorstMs: number | null;
  /** Until a sound target that was attached is in service. */
  readonly attachWorstMs: number | null;
  readonly detachDeadlineMs: number;
  readonly attachDeadlineMs: number;
}

/**
 * Computed from the balancer's own configuration (elb-and-engine.md B3 rule 5): a detach takes the drain timeout, if
 * draining is on, plus 30 s; an attach 30 s (or what the driver knows better) plus the next check (interval + timeout). One that is found unhealthy first
 * needs every check of the healthy threshold: that is the deadline.
 */
export function expectedWaits(facts: BalancerFacts | null): ExpectedWaits {
  const check = facts?.healthCheck ?? null;
  const drains = facts?.drainingEnabled ?? null;
  const drainMs = drains === true ? (facts?.drainTimeoutMs ?? 0) : 0;
  const { leaveMs, joinMs } = movesOf(facts);
  const detachWorstMs = drains === null ? null : Math.max(drainMs + AWS_ACTION_MS, leaveMs);
  const oneCheckMs = check === null ? 0 : check.intervalMs + check.timeoutMs;
  return {
    detachWorstMs,
    attachWorstMs: check === null ? null : joinMs + oneCheckMs,
    detachDeadlineMs: detachWorstMs === null ? UNKNOWN_MS : detachWorstMs + MARGIN_MS,
    attachDeadlineMs:
      check === null ? UNKNOWN_MS : joinMs + Math.max(1, check.healthyThreshold) * oneCheckMs + MARGIN_MS,
  };
}

/** Until traffic follows an API call at worst, ms: what the driver knows of its balancer, or AWS's general word. */
export function movesOf(facts: Pick<BalancerFacts, 'leaveMs' | 'joinMs'> | null): {
  readonly leaveMs: number;
  readonly joinMs: number;
} {
  return { leaveMs: facts?.leaveMs ?? AWS_ACTION_MS, joinMs: facts?.joinMs ?? AWS_ACTION_MS };
}

/** The deadlines of this rollout's `await` steps: the user's own, or the computed ones on top of the settle time. */
export function awaitDeadlines(
  rollout: Rollout,
  facts: BalancerFacts | null,
): { readonly afterDetachMs: number; readonly afterAttachMs: number } {
  const own = rollout.awaitTimeoutMs;
  if (own !== null) return { afterDetachMs: own, afterAttachMs: own };
  const { detachDeadlineMs, attachDeadlineMs } = expectedWaits(facts);
  const settleMs = settleOf(rollout);
  return { afterDetachMs: detachDeadlineMs + settleMs, afterAttachMs: attachDeadlineMs + settleMs };
}

/** The longest request that may be in flight at a detach, ms: the scenario's own, or the users' where it names them; 0 = none is known. */
export function longestRequestMs({ traffic, rollout }: Pick<Scenario, 'traffic' | 'rollout'>): number {
  return Math.max(traffic.lanes.long?.maxHoldMs ?? 0, rollout.longestRequestMs ?? 0);
}

/** A health check that flaps passes once; a state is believed when it held this long. */
export function settleOf(rollout: Pick<Rollout, 'settleMs'>): number {
  return rollout.settleMs ?? 2_000;
}
