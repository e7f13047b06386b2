import { RollproofError } from '../../domain/errors.js';
import type { Balancer, EventSink } from '../../domain/ports.js';
import type { Target } from '../../domain/target.js';
import type { Clock } from '../../domain/time.js';

/** One read can be stale: a target is missing when so many in a row say so. */
const LOOKS = 10;
const POLL_MS = 1_000;

export interface LastLookDeps {
  readonly balancer: Balancer;
  readonly events: EventSink;
  readonly clock: Clock;
}

/**
 * Before a roll is called complete: is every target whose attach was acknowledged still registered? It may not be: a
 * first request of a detach that got no reply may be carried out late, somebody else may have taken the target out.
 * What is missing is named, not attached: it was not this run that took it out, as far as anybody can tell. Never throws;
 * a balancer that cannot be asked is a warning.
 */
export async function missingAtTheEnd(
  targets: readonly Target[],
  deps: LastLookDeps,
  stop: AbortSignal,
): Promise<readonly Target[]> {
  let missing = targets;
  try {
    for (let look = 1; look <= LOOKS && missing.length > 0 && !stop.aborted; look++) {
      if (look > 1) await deps.clock.sleep(POLL_MS, stop);
      const health = await deps.balancer.health(targets, stop);
      missing = targets.filter((t) => health.find((h) => h.target === t.id)?.registered !== true);
    }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const names = targets.map((t) => t.id).join(', ');
    const message = `the load balancer could not be asked at the end whether ${names} are still registered: ${why}`;
    deps.events.append({ kind: 'warning', at: deps.clock.now(), message });
    return [];
  }
  return stop.aborted ? [] : missing;
}

/** What a run ends with that finds targets out which it had attached. */
export function outAgain(missing: readonly Target[], balancer: Balancer): RollproofError {
  const names = missing.map((t) => t.id).join(', ');
  return new RollproofError(
    'STEP_FAILED',
    `${names} was attached, and is not registered any more at the end: something else took it out`,
    { hint: `if nobody meant to: ${missing.map((t) => balancer.attachCommand(t)).join(' ; ')}` },
  );
}
