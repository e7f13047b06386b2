import type { RunEvent } from '../domain/event.js';
import type { Target, TargetId } from '../domain/target.js';
import type { Instant } from '../domain/time.js';

/** What the polls of the balancer have shown so far of every target; for when to stop watching, never for the verdict. */
export interface Membership {
  event(event: RunEvent): void;
  /** Some target has changed its state since the first look. */
  readonly begun: boolean;
  /** When the newest change was seen; null = none since the first look. */
  readonly changedAt: Instant | null;
  /** When it was last seen to come back after it had been out; null = it never was out, or is out now. */
  backAt(target: TargetId): Instant | null;
  /** Every target is a member, and in service. */
  readonly whole: boolean;
}

interface Seen {
  readonly isIn: boolean;
  readonly isServing: boolean;
  readonly wasOut: boolean;
  readonly backAt: Instant | null;
}

/** Follows the `target-observed` events of a run. */
export function membershipOf(targets: readonly Target[]): Membership {
  const seen = new Map<TargetId, Seen>();
  let changedAt: Instant | null = null;
  return {
    event(event) {
      if (event.kind !== 'target-observed') return;
      const { target, registered, state } = event.health;
      const before = seen.get(target);
      const isIn = registered && state !== 'draining';
      if (before !== undefined) changedAt = event.at;
      const isBack = isIn && before?.isIn === false;
      seen.set(target, {
        isIn,
        isServing: isIn && state === 'healthy',
        wasOut: before?.wasOut === true || !isIn,
        backAt: isIn ? (isBack ? event.at : (before?.backAt ?? null)) : null,
      });
    },
    get begun() {
      return changedAt !== null;
    },
    get changedAt() {
      return changedAt;
    },
    backAt: (target) => seen.get(target)?.backAt ?? null,
    get whole() {
      return targets.every(({ id }) => seen.get(id)?.isServing === true);
    },
  };
}
