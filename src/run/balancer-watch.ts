import type { Balancer, EventSink } from '../domain/ports.js';
import type { Target, TargetHealth } from '../domain/target.js';
import type { Clock } from '../domain/time.js';

/**
 * Asks the balancer for every target's state again and again and writes down what changed, until `signal` aborts.
 * A failed question is a warning, once per row of failures: the roll does not depend on it.
 */
export async function watchBalancer(
  targets: readonly Target[],
  everyMs: number,
  deps: { readonly balancer: Balancer; readonly events: EventSink; readonly clock: Clock },
  signal: AbortSignal,
): Promise<void> {
  const last = new Map<string, string>();
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

function observe(
  health: TargetHealth,
  askedAt: number,
  last: Map<string, string>,
  deps: { readonly events: EventSink; readonly clock: Clock },
): void {
  const key = `${health.state}|${health.registered}|${health.description}`;
  if (last.get(health.target) === key) return;
  last.set(health.target, key);
  deps.events.append({ kind: 'target-observed', at: deps.clock.now(), health, askedAt });
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
