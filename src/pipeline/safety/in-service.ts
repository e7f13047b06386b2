import { RollproofError } from '../../domain/errors.js';
import type { Balancer } from '../../domain/ports.js';
import type { Target, TargetHealth, TargetId } from '../../domain/target.js';
import type { Clock } from '../../domain/time.js';

/** Two reads this far apart must agree: one read can be stale. */
export const REREAD_MS = 1000;

/** A draining or unhealthy target serves nobody, whatever its membership says. */
export function isInService(health: TargetHealth): boolean {
  return health.registered && health.state === 'healthy';
}

/**
 * Refuses a detach that would leave fewer than `minInService` other targets in service.
 * @throws RollproofError MIN_IN_SERVICE naming what each of the others is instead.
 */
export async function assertMinInService(
  leaving: TargetId,
  minInService: number,
  deps: { readonly balancer: Balancer; readonly targets: readonly Target[]; readonly clock: Clock },
  signal: AbortSignal,
): Promise<void> {
  if (minInService === 0) return;
  const others = deps.targets.filter((t) => t.id !== leaving);
  for (let read = 0; read < 2; read++) {
    if (read > 0) await deps.clock.sleep(REREAD_MS, signal);
    const health = await deps.balancer.health(others, signal);
    const serving = health.filter(isInService).length;
    if (serving < minInService) {
      const states = health.map((h) => `${h.target} is ${h.state}: ${h.description}`).join('; ');
      throw new RollproofError(
        'MIN_IN_SERVICE',
        `refused to detach ${leaving}: ${serving} other targets in service, ${minInService} needed (${states})`,
        {
          hint: 'give the attached target more time (rollout.sleep.afterAttach, or rollout.wait: both), or see why it is not healthy',
        },
      );
    }
  }
}

/** The API accepts the detach of an instance it does not have, and the deploy would stop a server that serves elsewhere. */
export function assertMember(target: Target, members: readonly string[]): void {
  if (members.includes(target.instance)) return;
  throw new RollproofError(
    'PREFLIGHT_REFUSED',
    `refused to detach ${target.id}: ${target.instance} was not registered when the preflight looked`,
    { hint: 'check targets[].instance and balancer.name; --force does not allow this' },
  );
}
