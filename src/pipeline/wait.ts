import { RollproofError } from '../domain/errors.js';
import type { AwaitCondition } from '../domain/pipeline.js';
import type { Balancer } from '../domain/ports.js';
import type { Target, TargetHealth } from '../domain/target.js';
import { type Clock, formatDuration } from '../domain/time.js';
import { isInService } from './safety/in-service.js';

const POLL_MS = 1000;
/** A health check that flaps passes once; it must hold over this many reads in a row. */
const READS_IN_A_ROW = 2;

/**
 * Polls until the balancer itself says that the target is drained or in service. The SDK's own waiters are no use: they
 * call a draining target in service, and an unhealthy one deregistered.
 * @throws RollproofError AWAIT_TIMEOUT with the balancer's last words.
 */
export async function awaitTarget(
  target: Target,
  condition: AwaitCondition,
  timeoutMs: number,
  deps: { readonly balancer: Balancer; readonly clock: Clock },
  signal: AbortSignal,
): Promise<void> {
  const deadline = deps.clock.now() + timeoutMs;
  let held = 0;
  for (;;) {
    const [health] = await deps.balancer.health([target], signal).catch(unlessUnreachable);
    held = health !== undefined && holds(health, condition) ? held + 1 : 0;
    if (held >= READS_IN_A_ROW || signal.aborted) return;
    if (deps.clock.now() + POLL_MS > deadline) {
      throw new RollproofError(
        'AWAIT_TIMEOUT',
        `${target.id} was not ${condition === 'drained' ? 'drained' : 'in service'} after ${formatDuration(timeoutMs)}: ${health?.state ?? 'unknown'}, ${health?.description ?? 'the load balancer did not answer'}`,
        {
          hint:
            condition === 'drained'
              ? 'see which requests stay open, or lower the drain timeout'
              : 'see why its health check does not pass',
        },
      );
    }
    await deps.clock.sleep(POLL_MS, signal);
  }
}

/** A busy or silent API is asked again until the deadline; a refusal (no such balancer, no permission) is final. */
function unlessUnreachable(cause: unknown): readonly TargetHealth[] {
  if (cause instanceof RollproofError && cause.code === 'BALANCER_UNREACHABLE') return [];
  throw cause;
}

function holds(health: TargetHealth, condition: AwaitCondition): boolean {
  return condition === 'drained' ? health.state === 'unused' && !health.registered : isInService(health);
}
