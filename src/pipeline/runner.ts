import { RollproofError } from '../domain/errors.js';
import type { DeployEnd, RunEvent } from '../domain/event.js';
import { type Pipeline, type Stage, type Step, stepLabel } from '../domain/pipeline.js';
import type { Balancer, Deployer, EventSink, TargetProbe, TrafficView } from '../domain/ports.js';
import type { Rollout } from '../domain/scenario.js';
import type { Target, TargetId } from '../domain/target.js';
import type { Clock, Instant } from '../domain/time.js';
import { awaitDeadlines, settleOf } from './deadlines.js';
import { detachedAfter } from './safety/detached.js';
import { greenOut } from './safety/green-out.js';
import { assertMember, assertMinInService } from './safety/in-service.js';
import { missingAtTheEnd, outAgain } from './safety/last-look.js';
import { recoverTargets } from './safety/recovery.js';
import { rolledBack } from './safety/rollback.js';
import { awaitTarget, silenceOf } from './wait.js';

export interface RunnerDeps {
  readonly balancer: Balancer;
  readonly deployer: Deployer;
  readonly events: EventSink;
  readonly clock: Clock;
  readonly targets: readonly Target[];
  readonly rollout: Rollout;
  readonly runId: string;
  readonly probe: TargetProbe;
  readonly traffic: TrafficView;
  /** The longest request the traffic sends, ms; absent = 0. */
  readonly longestRequestMs?: number;
  /** Instance ids the preflight saw registered: no other is ever detached. */
  readonly members: readonly string[];
  /** What earlier processes of this run have journalled; absent = this one does it all. */
  readonly before?: readonly RunEvent[];
  /** Steps of the one stage that are done here; the stage begins with its first step and ends with its last. Absent = all. */
  readonly part?: StepRange;
}

/** Places of steps within their stage, both ends included. */
export interface StepRange {
  readonly from: number;
  readonly to: number;
}

export interface PipelineEnd {
  readonly deploy: DeployEnd;
  readonly stillDetached: readonly TargetId[];
  /** Why it did not complete; null when it did. */
  readonly error: RollproofError | null;
}

/**
 * Runs the stages in order and journals intent before, acknowledgement after each step. Stops at the first step that
 * fails and never touches the next target then; whatever the way out, what was detached is attached again or named.
 * @param stop aborts the pipeline; its reason says why (Ctrl-C, or a RollproofError such as a dead generator).
 * @param giveUp aborts even the recovery (second Ctrl-C).
 */
export async function runPipeline(
  pipeline: Pipeline,
  deps: RunnerDeps,
  stop: AbortSignal,
  giveUp: AbortSignal,
): Promise<PipelineEnd> {
  const history: RunEvent[] = [...(deps.before ?? [])];
  const events: EventSink = {
    append(event) {
      // Remembered first: when the journal cannot be written any more, recovery still knows what was detached.
      history.push(event);
      deps.events.append(event);
    },
  };
  const context: RunnerDeps = { ...deps, events };
  const changes = changesIn(history);
  let error: RollproofError | null = null;
  try {
    for (const stage of pipeline.stages) await runStage(stage, context, changes, stop);
  } catch (cause) {
    error = asRollproofError(cause);
  }
  const missing = error === null ? await missingAtTheEnd(attachedIn(history, deps.targets), context, stop) : [];
  const interrupted = error?.code === 'INTERRUPTED';
  // A deploy that a stop cut short did not fail by itself, whatever the stop was for.
  const cut = error !== null && isCut(error);
  const open = detachedAfter(history).map((d) =>
    cut && d.deploy === 'failed' ? { ...d, deploy: 'open' as const } : d,
  );
  const left = error === null || cut ? open : await rolledBack(error, open, context, stop);
  const stillDetached =
    error === null ? left.map((d) => d.target) : await recoverTargets(left, deps.targets, context, giveUp);
  if (error !== null) await greenOut(history, awaitDeadlines(deps.rollout, null).afterAttachMs, context, giveUp);
  if (missing.length > 0) {
    const gone = missing.map((t) => t.id);
    return { deploy: 'failed', stillDetached: [...stillDetached, ...gone], error: outAgain(missing, deps.balancer) };
  }
  const deploy: DeployEnd = error === null ? 'complete' : interrupted ? 'interrupted' : 'failed';
  return { deploy, stillDetached, error };
}

/** Targets that this run has put back, by the balancer's acknowledgement, and not taken out again. */
function attachedIn(history: readonly RunEvent[], targets: readonly Target[]): Target[] {
  const out = detachedAfter(history).map((d) => d.target);
  const attached = history.flatMap((e) => (e.kind === 'balancer-call' && e.operation === 'attach' ? [e.target] : []));
  return targets.filter((t) => attached.includes(t.id) && !out.includes(t.id));
}

async function runStage(stage: Stage, deps: RunnerDeps, changes: Changes, stop: AbortSignal): Promise<void> {
  const { from, to } = deps.part ?? { from: 0, to: stage.steps.length - 1 };
  if (from === 0) deps.events.append({ kind: 'stage-started', at: deps.clock.now(), stage: stage.name });
  let ok = false;
  try {
    for (const [index, step] of stage.steps.entries())
      if (index >= from && index <= to) await runStep(stage.name, index, step, deps, changes, stop);
    ok = true;
  } finally {
    if (!ok || to === stage.steps.length - 1)
      deps.events.append({ kind: 'stage-ended', at: deps.clock.now(), stage: stage.name, ok });
  }
}

async function runStep(
  stage: string,
  index: number,
  step: Step,
  deps: RunnerDeps,
  changes: Changes,
  stop: AbortSignal,
): Promise<void> {
  const place = { stage, index, step };
  try {
    throwIfStopped(stop, step);
    if (step.kind === 'detach') {
      assertMember(targetOf(step.target, deps), deps.members);
      await unlessStopped(assertMinInService(step.target, deps.rollout.minInService, deps, stop), stop, step);
    }
    throwIfStopped(stop, step);
    deps.events.append({ kind: 'step-intent', at: deps.clock.now(), ...place });
    await execute(stage, step, deps, changes, stop);
    throwIfStopped(stop, step);
    deps.events.append({ kind: 'step-done', at: deps.clock.now(), ...place });
  } catch (cause) {
    const error = stopReasonOr(asRollproofError(cause), stop);
    deps.events.append({ kind: 'step-failed', at: deps.clock.now(), ...place, error: error.message });
    throw error;
  }
}

/** When each target's last detach or attach was asked for: sleeps and proofs count from there. */
type Changes = Map<TargetId, { readonly requestedAt: Instant; readonly respondedAt: Instant }>;

function changesIn(history: readonly RunEvent[]): Changes {
  return new Map(history.flatMap((e) => (e.kind === 'balancer-call' ? [[e.target, e] as const] : [])));
}

function execute(stage: string, step: Step, deps: RunnerDeps, changes: Changes, stop: AbortSignal): Promise<void> {
  switch (step.kind) {
    case 'sleep':
      return deps.clock.sleep(sleepMs(step, deps.clock, changes), stop);
    case 'await':
      return unlessStopped(
        awaitTarget(
          {
            target: targetOf(step.target, deps),
            condition: step.condition,
            timeoutMs: step.timeoutMs,
            settleMs: settleOf(deps.rollout),
            version: deps.rollout.version,
            since: changes.get(step.target)?.requestedAt ?? 0,
            ...(deps.rollout.awaitUnused === true
              ? {}
              : { silence: silenceOf(deps.targets.length, deps.longestRequestMs ?? 0, settleOf(deps.rollout)) }),
          },
          deps,
          stop,
        ),
        stop,
        step,
      );
    case 'deploy':
      return deps.deployer.deploy(
        {
          target: targetOf(step.target, deps),
          version: deps.rollout.version,
          previousVersion: deps.rollout.previousVersion,
          stage,
          runId: deps.runId,
        },
        stop,
      );
    case 'detach':
    case 'attach':
      return callBalancer(step.kind, targetOf(step.target, deps), deps, changes);
  }
}

/** A change of membership is never cut in the middle: Ctrl-C waits for its reply, so that we know what was done. */
async function callBalancer(
  operation: 'detach' | 'attach',
  target: Target,
  deps: RunnerDeps,
  changes: Changes,
): Promise<void> {
  const uncut = new AbortController().signal;
  const requestedAt = deps.clock.now();
  let failure: RollproofError | null = null;
  try {
    await deps.balancer[operation](target, uncut);
  } catch (cause) {
    failure = asRollproofError(cause);
  }
  const respondedAt = deps.clock.now();
  changes.set(target.id, { requestedAt, respondedAt });
  deps.events.append({
    kind: 'balancer-call',
    at: respondedAt,
    operation,
    target: target.id,
    requestedAt,
    respondedAt,
    error: failure?.message ?? null,
  });
  if (failure !== null) throw failure;
}

function sleepMs(step: Extract<Step, { kind: 'sleep' }>, clock: Clock, changes: Changes): number {
  const change = step.sinceChange === true ? changes.get(step.target) : undefined;
  return change === undefined ? step.ms : Math.max(0, step.ms - (clock.now() - change.respondedAt));
}

function targetOf(id: TargetId, deps: RunnerDeps): Target {
  const target = deps.targets.find((t) => t.id === id);
  if (target === undefined)
    throw new RollproofError('SCENARIO_INVALID', `the pipeline names a target the scenario does not have: ${id}`);
  return target;
}

function throwIfStopped(stop: AbortSignal, step: Step): void {
  if (!stop.aborted) return;
  if (stop.reason instanceof RollproofError) throw stop.reason;
  throw new RollproofError('INTERRUPTED', `stopped during ${stepLabel(step)}`, { cause: stop.reason });
}

/** A question that a stop cut off fails with whatever the driver makes of it; the stop is the reason to name. */
async function unlessStopped(work: Promise<void>, stop: AbortSignal, step: Step): Promise<void> {
  try {
    await work;
  } catch (cause) {
    throwIfStopped(stop, step);
    throw cause;
  }
}

/** A deploy that was cut because the disk is full or the generator died is reported as that, not as a Ctrl-C. */
function stopReasonOr(error: RollproofError, stop: AbortSignal): RollproofError {
  const { reason } = stop;
  if (error.code !== 'INTERRUPTED' || !(reason instanceof RollproofError)) return error;
  return new RollproofError(reason.code, reason.message, { hint: reason.hint, cause: error });
}

function isCut(error: RollproofError): boolean {
  return error.code === 'INTERRUPTED' || (error.cause instanceof RollproofError && error.cause.code === 'INTERRUPTED');
}

/** Keeps what a person can act on; anything else is a fault of ours and says so. */
export function asRollproofError(cause: unknown): RollproofError {
  if (cause instanceof RollproofError) return cause;
  return new RollproofError('INTERNAL', cause instanceof Error ? cause.message : String(cause), { cause });
}
