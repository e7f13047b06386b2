import type { RunEvent } from '../../domain/event.js';
import type { TargetId } from '../../domain/target.js';

/** A target that may be out of the balancer by our doing, and how far its deploy had come. */
export interface DetachedTarget {
  readonly target: TargetId;
  readonly deploy: 'none' | 'open' | 'failed' | 'done';
}

/**
 * Which targets the journal leaves detached. An intent counts as a detach even without an acknowledgement: the call may
 * have been applied and its reply lost. Only an acknowledged attach (or a recovery) takes a target off the list.
 */
export function detachedAfter(events: Iterable<RunEvent>): DetachedTarget[] {
  const open = new Map<TargetId, DetachedTarget['deploy']>();
  for (const event of events) {
    if (event.kind === 'balancer-call' && event.operation === 'attach' && event.error === null)
      open.delete(event.target);
    else if (event.kind === 'recovery' && event.ok) open.delete(event.target);
    else if (event.kind === 'step-intent' && event.step.kind === 'detach') open.set(event.step.target, 'none');
    else if ('step' in event && event.step.kind === 'deploy' && open.has(event.step.target)) {
      open.set(
        event.step.target,
        event.kind === 'step-intent' ? 'open' : event.kind === 'step-done' ? 'done' : 'failed',
      );
    }
  }
  return [...open].map(([target, deploy]) => ({ target, deploy }));
}
