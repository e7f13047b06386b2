import type { RunEvent, RunEventOf } from '../../domain/event.js';
import type { TargetId } from '../../domain/target.js';

/** A target that may be out of the balancer by our doing, and how far its deploy had come. */
export interface DetachedTarget {
  readonly target: TargetId;
  readonly deploy: 'none' | 'open' | 'failed' | 'done';
  /** The deploy command that was not seen to end: it outlives a killed rollproof. */
  readonly command?: RunEventOf<'deploy-started'> | null;
}

/**
 * Which targets the journal leaves detached. An intent counts as a detach even without an acknowledgement: the call may
 * have been applied and its reply lost. Only an acknowledged attach (or a recovery) takes a target off the list, or, where it was
 * meant to stay out, the good end of its stage.
 */
export function detachedAfter(events: Iterable<RunEvent>): DetachedTarget[] {
  const open = new Map<TargetId, DetachedTarget>();
  /** Target → the stage whose end makes its detach final. */
  const forGood = new Map<TargetId, string>();
  for (const event of events) {
    if (event.kind === 'balancer-call' && event.operation === 'attach' && event.error === null)
      open.delete(event.target);
    else if (event.kind === 'recovery' && event.ok) open.delete(event.target);
    else if (event.kind === 'step-intent' && event.step.kind === 'detach') {
      open.set(event.step.target, { target: event.step.target, deploy: 'none' });
      if (event.step.forGood === true) forGood.set(event.step.target, event.stage);
    } else if (event.kind === 'stage-ended' && event.ok) {
      for (const [target, stage] of forGood) if (stage === event.stage) open.delete(target);
    } else withDeploy(open, event);
  }
  return [...open.values()];
}

function withDeploy(open: Map<TargetId, DetachedTarget>, event: RunEvent): void {
  if (event.kind === 'deploy-started') {
    const entry = open.get(event.target);
    if (entry !== undefined) open.set(event.target, { ...entry, command: event });
  } else if (event.kind === 'deploy-ended') {
    const entry = open.get(event.target);
    if (entry !== undefined) open.set(event.target, { target: entry.target, deploy: entry.deploy });
  } else if ('step' in event && event.step.kind === 'deploy' && open.has(event.step.target)) {
    const { target } = event.step;
    const deploy = event.kind === 'step-intent' ? 'open' : event.kind === 'step-done' ? 'done' : 'failed';
    const command = open.get(target)?.command ?? null;
    open.set(target, command === null ? { target, deploy } : { target, deploy, command });
  }
}
