import type { Balancer, EventSink } from '../domain/ports.js';
import type { Target, TargetHealth } from '../domain/target.js';
import type { Clock, Instant } from '../domain/time.js';

/** What was last heard of one target. */
interface Heard {
  readonly key: string;
  readonly askedAt: Instant;
}

export interface WatchDeps {
  readonly balancer: Balancer;
  readonly events: EventSink;
  readonly clock: Clock;
}

/**
 * Asks the balancer for every target's state again and again and writes down what changed, until `signal` aborts. Each
 * change carries when the question before was asked: it happened after that.
 * A failed question is a warning, once per row of failures: the roll does not depend on it.
 */
export async function watchBalancer(
  targets: readonly Target[],
  everyMs: number,
  deps: WatchDeps,
  signal: AbortSignal,
): Promise<void> {
  const last = new Map<string, Heard>();
  let failing = false;
  while (!signal.aborted) {
    const askedAt = deps.clock.now();
    try {
      const answers = await deps.balancer.health(targets, signal);
      failing = false;
      for (const health of answers) observe(health, askedAt, last, deps);
    } catch (error) {
      if (signal.aborted) return;
      if (!failing)
        deps.events.append({
          kind: 'warning',
          at: deps.clock.now(),
          message: `asking for target health failed: ${text(error)}`,
        });
      failing = true;
    }
    await deps.clock.sleep(everyMs, signal);
  }
}

function observe(health: TargetHealth, askedAt: Instant, last: Map<string, Heard>, deps: WatchDeps): void {
  const key = `${health.state}|${health.registered}|${health.description}`;
  const before = last.get(health.target);
  last.set(health.target, { key, askedAt });
  if (before?.key === key) return;
  const previousAskedAt = before?.askedAt ?? null;
  deps.events.append({ kind: 'target-observed', at: deps.clock.now(), health, askedAt, previousAskedAt });
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
