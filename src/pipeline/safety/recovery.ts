import { RollproofError } from '../../domain/errors.js';
import type { Balancer, EventSink } from '../../domain/ports.js';
import type { Target, TargetId } from '../../domain/target.js';
import type { Clock } from '../../domain/time.js';
import type { DetachedTarget } from './detached.js';

const ATTEMPTS = 3;
/** An API that is busy or out of reach is asked again for this long, on top of the driver's own retries. */
const UNREACHABLE_MS = 30_000;

/**
 * Attaches what we detached, and says of every target what became of it. A target whose deploy failed stays out: nobody
 * has shown that what is on it now can serve, and the other targets do. Never throws; a journal that cannot be written
 * any more (full disk) does not keep a target detached.
 * @returns the targets that are still detached.
 */
export async function recoverTargets(
  detached: readonly DetachedTarget[],
  targets: readonly Target[],
  deps: { readonly balancer: Balancer; readonly events: EventSink; readonly clock: Clock },
  signal: AbortSignal,
): Promise<TargetId[]> {
  const still: TargetId[] = [];
  for (const entry of detached) {
    const target = targets.find((t) => t.id === entry.target);
    if (target === undefined) {
      still.push(entry.target);
      note(deps, entry.target, false, 'no longer named in the scenario: attach it by hand');
    } else if (entry.deploy === 'failed') {
      still.push(entry.target);
      note(
        deps,
        entry.target,
        false,
        `left detached because its deploy failed; when it is sound: ${deps.balancer.attachCommand(target)}`,
      );
    } else if (!(await attached(target, entry.deploy, deps, signal))) still.push(entry.target);
  }
  return still;
}

async function attached(
  target: Target,
  deploy: DetachedTarget['deploy'],
  deps: { readonly balancer: Balancer; readonly events: EventSink; readonly clock: Clock },
  signal: AbortSignal,
): Promise<boolean> {
  let reason = '';
  const began = deps.clock.now();
  for (let attempt = 1; !signal.aborted; attempt++) {
    try {
      const requestedAt = deps.clock.now();
      await deps.balancer.attach(target, signal);
      const respondedAt = deps.clock.now();
      quietly(() =>
        deps.events.append({
          kind: 'balancer-call',
          at: respondedAt,
          operation: 'attach',
          target: target.id,
          requestedAt,
          respondedAt,
          error: null,
        }),
      );
      const half = deploy === 'open' ? '; its deploy was cut short: see which version it runs' : '';
      note(deps, target.id, true, `attached again${half}`);
      return true;
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
      const unreachable = error instanceof RollproofError && error.code === 'BALANCER_UNREACHABLE';
      if (attempt >= ATTEMPTS && !(unreachable && deps.clock.now() - began < UNREACHABLE_MS)) break;
      await deps.clock.sleep(500 * attempt, signal);
    }
  }
  note(
    deps,
    target.id,
    false,
    `could not be attached (${reason || 'stopped'}); attach it by hand: ${deps.balancer.attachCommand(target)}`,
  );
  return false;
}

function note(
  deps: { readonly events: EventSink; readonly clock: Clock },
  target: TargetId,
  ok: boolean,
  message: string,
): void {
  quietly(() => deps.events.append({ kind: 'recovery', at: deps.clock.now(), target, ok, message }));
}

/** The journal is second to the servers here: see recoverTargets. */
function quietly(write: () => void): void {
  try {
    write();
  } catch (error) {
    void error;
  }
}
