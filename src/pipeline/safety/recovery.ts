import { RollproofError } from '../../domain/errors.js';
import type { RunEventOf } from '../../domain/event.js';
import type { Balancer, EventSink, ProbeAnswer, TargetProbe } from '../../domain/ports.js';
import type { Target, TargetId } from '../../domain/target.js';
import type { Clock } from '../../domain/time.js';
import type { DetachedTarget } from './detached.js';

const ATTEMPTS = 3;
/** An API that is busy or out of reach is asked again for this long, on top of the driver's own retries. */
const UNREACHABLE_MS = 30_000;
/** A restarting application gets this long to answer before its target is left out. */
const PROBE_MS = 30_000;
const POLL_MS = 1_000;

export interface RecoveryDeps {
  readonly balancer: Balancer;
  readonly probe: TargetProbe;
  readonly events: EventSink;
  readonly clock: Clock;
  /** Whether a deploy command of a killed run still runs on this host. */
  readonly deployRuns?: (command: RunEventOf<'deploy-started'>) => boolean;
  /** How long such a command may still take, ms. */
  readonly deployMs?: number;
}

/**
 * Attaches what we detached, and says of every target what became of it. What a deploy has touched must answer when it
 * is asked directly, where its address is known; without one a target whose deploy failed stays out: nobody has shown
 * that what is on it now can serve, and the other targets do. Never throws; a journal that cannot be written any more
 * (full disk) does not keep a target detached.
 * @returns the targets that are still detached.
 */
export async function recoverTargets(
  detached: readonly DetachedTarget[],
  targets: readonly Target[],
  deps: RecoveryDeps,
  signal: AbortSignal,
): Promise<TargetId[]> {
  const still: TargetId[] = [];
  for (const entry of detached) {
    const target = targets.find((t) => t.id === entry.target);
    if (target === undefined) {
      still.push(entry.target);
      note(deps, entry.target, false, 'no longer named in the scenario: attach it by hand');
      continue;
    }
    const against = await objection(target, entry, deps, signal);
    if (against !== null) {
      still.push(entry.target);
      note(deps, entry.target, false, `${against}; when it is sound: ${deps.balancer.attachCommand(target)}`);
    } else if (!(await attached(target, entry.deploy, deps, signal))) still.push(entry.target);
  }
  return still;
}

/** Why this target must stay out, or null. */
async function objection(
  target: Target,
  entry: DetachedTarget,
  deps: RecoveryDeps,
  signal: AbortSignal,
): Promise<string | null> {
  const command = entry.command ?? null;
  if (command !== null && !(await commandEnded(command, deps, signal)))
    return `left detached because its deploy command (pid ${command.pid}) still runs`;
  // Nothing has touched it: the balancer's own health check judges it as it did before.
  if (entry.deploy === 'none') return null;
  const answer = await answering(target, entry.deploy === 'failed' ? 0 : PROBE_MS, deps, signal);
  if (answer === null) return entry.deploy === 'failed' ? 'left detached because its deploy failed' : null;
  if (answer.ok) return null;
  const why = entry.deploy === 'failed' ? 'its deploy failed and' : 'asked directly';
  return `left detached because ${why} ${answer.said}`;
}

async function commandEnded(
  command: RunEventOf<'deploy-started'>,
  { clock, deployRuns = () => false, deployMs = 0 }: RecoveryDeps,
  signal: AbortSignal,
): Promise<boolean> {
  const deadline = clock.now() + deployMs;
  while (deployRuns(command)) {
    if (signal.aborted || clock.now() + POLL_MS > deadline) return false;
    await clock.sleep(POLL_MS, signal);
  }
  return true;
}

/** The first good answer, or the last bad one when the time is over; null = it cannot be asked. */
async function answering(
  target: Target,
  forMs: number,
  { probe, clock }: RecoveryDeps,
  signal: AbortSignal,
): Promise<ProbeAnswer | null> {
  const deadline = clock.now() + forMs;
  for (;;) {
    const answer = await probe.ask(target, signal);
    if (answer === null || answer.ok || signal.aborted || clock.now() + POLL_MS > deadline) return answer;
    await clock.sleep(POLL_MS, signal);
  }
}

async function attached(
  target: Target,
  deploy: DetachedTarget['deploy'],
  deps: RecoveryDeps,
  signal: AbortSignal,
): Promise<boolean> {
  const reason = await attachPatiently(target, deps, signal);
  if (reason === null) {
    const half = deploy === 'open' ? '; its deploy was cut short: see which version it runs' : '';
    const failed = deploy === 'failed' ? '; its deploy failed, but it answers: see which version it runs' : '';
    note(deps, target.id, true, `attached again${half}${failed}`);
    return true;
  }
  note(
    deps,
    target.id,
    false,
    `could not be attached (${reason}); attach it by hand: ${deps.balancer.attachCommand(target)}`,
  );
  return false;
}

/** Null when it is done, else why not. */
async function attachPatiently(target: Target, deps: RecoveryDeps, signal: AbortSignal): Promise<string | null> {
  let reason = 'stopped';
  const began = deps.clock.now();
  for (let attempt = 1; !signal.aborted; attempt++) {
    try {
      const requestedAt = deps.clock.now();
      await deps.balancer.attach(target, signal);
      const at = deps.clock.now();
      const call = { operation: 'attach', target: target.id, requestedAt, respondedAt: at, error: null } as const;
      quietly(() => deps.events.append({ kind: 'balancer-call', at, ...call }));
      return null;
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
      const unreachable = error instanceof RollproofError && error.code === 'BALANCER_UNREACHABLE';
      if (attempt >= ATTEMPTS && !(unreachable && deps.clock.now() - began < UNREACHABLE_MS)) break;
      await deps.clock.sleep(500 * attempt, signal);
    }
  }
  return reason;
}

function note(deps: RecoveryDeps, target: TargetId, ok: boolean, message: string): void {
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
