import type { RollproofError } from '../../domain/errors.js';
import type { Deployer, EventSink } from '../../domain/ports.js';
import type { Rollout } from '../../domain/scenario.js';
import type { Target } from '../../domain/target.js';
import type { Clock } from '../../domain/time.js';
import type { DetachedTarget } from './detached.js';

/**
 * With `onFailure: rollback` the one target whose deploy failed gets the previous version; targets that have the new
 * version already keep it. When that deploy succeeds, the target is as sound as any deploy of ours makes it, and the way
 * out attaches it again. Never throws.
 * @returns `left` with what the rollback changed.
 */
export async function rolledBack(
  error: RollproofError,
  left: readonly DetachedTarget[],
  deps: {
    readonly deployer: Deployer;
    readonly events: EventSink;
    readonly clock: Clock;
    readonly targets: readonly Target[];
    readonly rollout: Rollout;
    readonly runId: string;
  },
  stop: AbortSignal,
): Promise<readonly DetachedTarget[]> {
  const { onFailure = 'stop', previousVersion, version } = deps.rollout;
  const failed = left.find((d) => d.deploy === 'failed');
  const target = deps.targets.find((t) => t.id === failed?.target);
  if (onFailure !== 'rollback' || target === undefined || stop.aborted || !error.code.startsWith('DEPLOY_'))
    return left;
  try {
    const say = (message: string) => deps.events.append({ kind: 'warning', at: deps.clock.now(), message });
    if (previousVersion === null) {
      say(`${target.id} is not rolled back: previousVersion is not known`);
      return left;
    }
    say(`rolling ${target.id} back to ${previousVersion}`);
    const stage = `${target.id}-rollback`;
    await deps.deployer.deploy(
      { target, version: previousVersion, previousVersion: version, stage, runId: deps.runId },
      stop,
    );
    return left.map((d) => (d === failed ? { target: d.target, deploy: 'done' } : d));
  } catch (stillFailed) {
    // Its own deploy-ended says why, or the journal cannot be written: the target stays as the failed deploy left it.
    void stillFailed;
    return left;
  }
}
