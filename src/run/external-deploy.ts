import { RollproofError } from '../domain/errors.js';
import type { BalancerFacts, EventSink, TrafficView } from '../domain/ports.js';
import type { Scenario } from '../domain/scenario.js';
import type { Target, TargetHealth, TargetId } from '../domain/target.js';
import { formatDuration } from '../domain/time.js';
import { expectedWaits } from '../pipeline/deadlines.js';
import { type ExternalCommand, noteMarks, runExternal } from '../pipeline/deployers/external.js';
import type { PipelineEnd } from '../pipeline/runner.js';
import { isInService } from '../pipeline/safety/in-service.js';
import { recoverTargets } from '../pipeline/safety/recovery.js';
import type { Membership } from './membership.js';
import type { RunDeps } from './run-scenario.js';

/** A deploy that is not this program's pipeline. */
export type ExternalPlan = { readonly onOutput: (line: string) => void; readonly monotonicOriginNs: bigint } & (
  | (ExternalCommand & {
      readonly kind: 'command';
      /** Attach what the command left detached. */
      readonly attachLeft: boolean;
    })
  | {
      readonly kind: 'watch';
      /** Ends once the deploy has begun and nothing has changed for so long; null = only when every target is replaced. */
      readonly untilIdleMs: number | null;
      readonly maxDurationMs: number;
      readonly readMarks: () => string;
    }
);

export interface ExternalContext {
  readonly scenario: Scenario;
  readonly facts: BalancerFacts;
  readonly events: EventSink;
  readonly traffic: TrafficView;
  readonly membership: Membership;
  /** How often the balancer is asked. */
  readonly everyMs: number;
}

const STAGE = 'deploy';
/** One read can be stale: so many in a row must say that a target is out. */
const READS = 3;

/** What a run may last at most beside its baseline and settling, ms. */
export function externalMs(plan: ExternalPlan, facts: BalancerFacts): number {
  return plan.kind === 'watch' ? plan.maxDurationMs : plan.timeoutMs + expectedWaits(facts).attachDeadlineMs;
}

/**
 * Lets the user's command, or somebody else, do the deploy, and looks how the targets stand afterwards. This program
 * detached nothing, so it attaches nothing unless it is asked to: what is out is named.
 */
export async function runExternalDeploy(
  plan: ExternalPlan,
  deps: RunDeps,
  context: ExternalContext,
  stop: AbortSignal,
  giveUp: AbortSignal,
): Promise<PipelineEnd> {
  const { events } = context;
  events.append({ kind: 'stage-started', at: deps.clock.now(), stage: STAGE });
  const end =
    plan.kind === 'command'
      ? await commanded(plan, deps, context, stop, giveUp)
      : await watched(plan, deps, context, stop);
  events.append({ kind: 'stage-ended', at: deps.clock.now(), stage: STAGE, ok: end.deploy === 'complete' });
  return end;
}

async function commanded(
  plan: Extract<ExternalPlan, { kind: 'command' }>,
  deps: RunDeps,
  context: ExternalContext,
  stop: AbortSignal,
  giveUp: AbortSignal,
): Promise<PipelineEnd> {
  const { scenario, facts, events } = context;
  const setting = { ...plan, events, clock: deps.clock, targets: scenario.targets };
  const failure = await runExternal(plan, setting, signalsOnly(stop), giveUp);
  // After a command that ended well the last target may still be on its way back.
  const patienceMs = failure === null ? expectedWaits(facts).attachDeadlineMs : 0;
  const out = await notInService(scenario.targets, patienceMs, deps, context, giveUp);
  const left = out.filter((h) => !h.registered).map((h) => h.target);
  const entries = left.map((target) => ({ target, deploy: 'open' as const }));
  const recovery = { ...deps, events };
  const still = plan.attachLeft ? await recoverTargets(entries, scenario.targets, recovery, giveUp) : left;
  const error = failure ?? halted(stop) ?? outError(out, 'the deploy command ended well');
  const deploy = error === null ? 'complete' : error.code === 'INTERRUPTED' ? 'interrupted' : 'failed';
  return { deploy, stillDetached: still, error };
}

async function watched(
  plan: Extract<ExternalPlan, { kind: 'watch' }>,
  deps: RunDeps,
  context: ExternalContext,
  stop: AbortSignal,
): Promise<PipelineEnd> {
  const { scenario, events, membership } = context;
  const { clock } = deps;
  const startedAt = clock.now();
  events.append({ kind: 'external-started', at: startedAt, by: 'somebody', command: [] });
  let replaced = false;
  let isOver = false;
  while (!stop.aborted && !isOver) {
    replaced = membership.whole && scenario.targets.every((t) => isReplaced(t, scenario, context));
    const quietMs = membership.changedAt === null ? 0 : clock.now() - membership.changedAt;
    const isIdle = plan.untilIdleMs !== null && membership.begun && membership.whole && quietMs >= plan.untilIdleMs;
    isOver = replaced || isIdle || clock.now() - startedAt >= plan.maxDurationMs;
    if (!isOver) await clock.sleep(context.everyMs, stop);
  }
  noteMarks(plan.readMarks(), {
    events,
    clock,
    targets: scenario.targets,
    monotonicOriginNs: plan.monotonicOriginNs,
  });
  const uncut = new AbortController().signal;
  const out = await notInService(scenario.targets, 0, deps, context, uncut);
  const stillDetached = out.filter((h) => !h.registered).map((h) => h.target);
  const error = halted(stop) ?? outError(out, `watching ended after ${formatDuration(clock.now() - startedAt)}`);
  if (error !== null) return { deploy: error.code === 'INTERRUPTED' ? 'interrupted' : 'failed', stillDetached, error };
  return { deploy: membership.begun ? 'complete' : 'not-started', stillDetached, error: null };
}

/** It was seen to leave and to come back, and then to answer with the new version. */
function isReplaced(target: Target, { rollout }: Scenario, { membership, traffic }: ExternalContext): boolean {
  const backAt = membership.backAt(target.id);
  return backAt !== null && traffic.seenSince(target.id, rollout.version, backAt);
}

/**
 * A Ctrl-C ends the user's command. A fault of ours (dead generator, full disk) does not: half a deploy would be worse
 * than one that nobody watched to its end.
 */
function signalsOnly(stop: AbortSignal): AbortSignal {
  const signal = new AbortController();
  const pass = () => {
    if (!(stop.reason instanceof RollproofError)) signal.abort(stop.reason);
  };
  if (stop.aborted) pass();
  else stop.addEventListener('abort', pass, { once: true });
  return signal.signal;
}

function halted(stop: AbortSignal): RollproofError | null {
  if (!stop.aborted) return null;
  return stop.reason instanceof RollproofError ? stop.reason : new RollproofError('INTERRUPTED', 'stopped by a signal');
}

/** Targets that several reads in a row show out of service, waited for up to `patienceMs`; a balancer that cannot be asked is a warning. */
async function notInService(
  targets: readonly Target[],
  patienceMs: number,
  { balancer, clock }: RunDeps,
  { events, everyMs }: ExternalContext,
  signal: AbortSignal,
): Promise<readonly TargetHealth[]> {
  const deadline = clock.now() + patienceMs;
  try {
    for (let read = 1; ; read++) {
      const out = (await balancer.health(targets, signal)).filter((h) => !isInService(h));
      const isSure = read >= READS && clock.now() >= deadline;
      if (out.length === 0 || isSure || signal.aborted) return out;
      await clock.sleep(Math.min(everyMs, 1_000), signal);
    }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const message = `the load balancer could not be asked at the end whether every target is in service: ${why}`;
    events.append({ kind: 'warning', at: clock.now(), message });
    return targets.map((t) => unknownHealth(t.id));
  }
}

/** Nothing is known of it: it does not count as in service, and is not said to be detached either. */
function unknownHealth(target: TargetId): TargetHealth {
  return { target, state: 'unavailable', registered: true, reasonCode: '', description: 'could not be asked' };
}

function outError(out: readonly TargetHealth[], when: string): RollproofError | null {
  if (out.length === 0) return null;
  const states = out.map((h) => (h.registered ? `${h.target} is ${h.state}` : `${h.target} is still detached`));
  return new RollproofError('DEPLOY_FAILED', `${when}, but ${states.join(', ')}`, {
    hint: 'rollproof did not detach it, so it does not attach it (rollproof run … --attach-left does)',
  });
}
