import { RollproofError } from '../domain/errors.js';
import type { Balancer } from '../domain/ports.js';
import type { Target } from '../domain/target.js';
import type { Clock } from '../domain/time.js';

/** All targets healthy and nothing changing for so long, ms, before the next run begins. */
export const WASHOUT_MS = 10_000;
const POLL_MS = 2_000;
const LIMIT_MS = 10 * 60_000;

/**
 * Waits until what the last run did has worn off: every target in service and healthy, without a change, for
 * {@link WASHOUT_MS}. A target that stays out ends the study: the next run would measure that.
 * @throws RollproofError AWAIT_TIMEOUT.
 */
export async function washout(
  balancer: Pick<Balancer, 'health'>,
  targets: readonly Target[],
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const began = clock.now();
  let quietSince: number | null = null;
  while (!signal.aborted) {
    const health = await balancer.health(targets, signal);
    const out = health.filter((h) => h.state !== 'healthy' || !h.registered);
    const now = clock.now();
    if (out.length > 0 || health.length < targets.length) quietSince = null;
    else quietSince ??= now;
    if (quietSince !== null && now - quietSince >= WASHOUT_MS) return;
    if (now - began > LIMIT_MS) {
      const left = out.map((h) => `${h.target} is ${h.state}`).join(', ');
      throw new RollproofError('AWAIT_TIMEOUT', `not all targets came back into service after the last run: ${left}`, {
        hint: 'put them right, then give the same command again: the study goes on',
      });
    }
    await clock.sleep(POLL_MS, signal);
  }
}
