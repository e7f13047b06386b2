/** What one replaced target of a deploy says of the waiting it needed, ms; null: it was not observed to its end. */
export interface TargetNeed {
  /** Sleep after the detach that would have been enough. */
  readonly detachNeedMs: number | null;
  /** Time after the attach until it was served again for sure. */
  readonly attachLagMs: number | null;
}

/**
 * The need variable Y of one deploy (verdict.md §8): the deploy was safe with every sleep ≥ Y and with no shorter one.
 * A run reveals Y only when its own sleep was long enough; else Y is censored: greater than that sleep.
 */
export interface NeedObservation {
  readonly sleepMs: number;
  /** Y, or the sleep itself when censored. */
  readonly needMs: number;
  readonly censored: boolean;
  /** Whether the deploy had downtime; when left out, it is what the need says. */
  readonly failed?: boolean;
}

function observe(sleepMs: number, needs: readonly (number | null)[], failed: boolean): NeedObservation {
  let needMs = 0;
  // Without a target there is nothing to have needed little.
  let censored = needs.length === 0;
  for (const need of needs) {
    if (need === null || !(need <= sleepMs)) censored = true;
    else needMs = Math.max(needMs, need);
  }
  return { sleepMs, needMs: censored ? sleepMs : needMs, censored, failed };
}

/** The need after a detach, where the two sleeps of a scenario are studied apart. */
export function detachNeed(sleepMs: number, targets: readonly TargetNeed[], failed: boolean): NeedObservation {
  return observe(
    sleepMs,
    targets.map((t) => t.detachNeedMs),
    failed,
  );
}

/**
 * The need after an attach: of all targets but the last, after which nothing is taken out any more. `targets` are in
 * the order of their replacement. With a single target there is nothing to wait for, so the need is 0.
 */
export function attachNeed(sleepMs: number, targets: readonly TargetNeed[], failed: boolean): NeedObservation {
  if (targets.length === 1) return observe(sleepMs, [0], failed);
  return observe(
    sleepMs,
    targets.slice(0, -1).map((t) => t.attachLagMs),
    failed,
  );
}

/** Y of a deploy that sleeps equally long after detach and attach: the longer of both needs. */
export function needOfDeploy(sleepMs: number, targets: readonly TargetNeed[], failed: boolean): NeedObservation {
  const needs = targets.map((t) => t.detachNeedMs);
  return observe(sleepMs, [...needs, ...targets.slice(0, -1).map((t) => t.attachLagMs)], failed);
}

/** Whether a deploy is known to have been safe with this sleep; what is not known is not safe. */
export function isSafeWith(sleepMs: number, observation: NeedObservation): boolean {
  const { censored, needMs } = observation;
  return !censored && !Number.isNaN(observation.sleepMs) && needMs <= sleepMs;
}

/** Downtime although the sleep was long enough: something other than the sleep caused it. */
export function hasAnotherCause(observation: NeedObservation): boolean {
  return observation.failed === true && isSafeWith(observation.sleepMs, observation);
}
