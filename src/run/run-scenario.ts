import { RollproofError } from '../domain/errors.js';
import type { PreflightFinding, RunEvent, RunHeader } from '../domain/event.js';
import type {
  Balancer,
  BalancerFacts,
  Deployer,
  EventSink,
  TargetProbe,
  TrafficEngine,
  TrafficProgress,
  TrafficView,
} from '../domain/ports.js';
import type { Scenario } from '../domain/scenario.js';
import type { TargetId } from '../domain/target.js';
import type { Clock } from '../domain/time.js';
import { type EventWriter, openEventWriter } from '../journal/event-writer.js';
import { runPaths } from '../journal/run-directory.js';
import { pipelineOf } from '../pipeline/compile.js';
import { longestRequestMs } from '../pipeline/deadlines.js';
import { asRollproofError, type PipelineEnd, runPipeline } from '../pipeline/runner.js';
import { watchBalancer } from './balancer-watch.js';
import { type ExternalPlan, runExternalDeploy } from './external-deploy.js';
import { type Membership, membershipOf } from './membership.js';
import { auditRequests, type ReceivedRequests } from './request-audit.js';
import { startTraffic, withHardStop, workloadOf } from './start-traffic.js';
import { liveTraffic } from './traffic-view.js';

/** Traffic outlives the judged window by this much, so that its last moment is still observed. */
export const AFTERGLOW_MS = 250;

export interface RunRequest {
  /** An empty run directory. */
  readonly dir: string;
  readonly header: RunHeader;
  /** As it is run (the header holds it redacted). */
  readonly scenario: Scenario;
  readonly facts: BalancerFacts;
  readonly findings: readonly PreflightFinding[];
  readonly forced: boolean;
  readonly watchEveryMs: number;
  /** The traffic ends by itself after so long; absent = long after the planned end. */
  readonly maxDurationMs?: number;
}

export interface RunDeps {
  readonly clock: Clock;
  readonly balancer: Balancer;
  readonly probe: TargetProbe;
  /** Told where the journal is, once there is one. */
  readonly retries?: { journal(events: EventSink, clock: Clock): void };
  readonly engine: TrafficEngine;
  /** What does the deploy in the place of the scenario's pipeline; absent = that pipeline. */
  readonly external?: ExternalPlan;
  /** Made late, because a deployer writes its facts to this run's journal. */
  readonly deployer: (events: EventSink) => Deployer;
  readonly observer: RunObserver;
  /** What the applications say they received of this run; absent = nobody can say. */
  readonly received?: () => Promise<ReceivedRequests | null>;
}

/** Sees everything, changes nothing: the progress display. */
export interface RunObserver {
  event(event: RunEvent): void;
  traffic(progress: TrafficProgress): void;
}

export interface RunEnd {
  readonly stillDetached: readonly TargetId[];
  /** Why the run is not whole: a failed step, a stop, a dead engine, a full disk. null = it is. */
  readonly error: RollproofError | null;
}

/**
 * One run: traffic, warm-up, baseline, pipeline, settle, end. Writes facts and judges nothing.
 * @param stop first Ctrl-C, its reason the signal's name (or a RollproofError: a fault of ours); @param giveUp second Ctrl-C.
 */
export async function runScenario(
  request: RunRequest,
  deps: RunDeps,
  stop: AbortSignal,
  giveUp: AbortSignal,
): Promise<RunEnd> {
  const writer = openEventWriter(runPaths(request.dir).events);
  const halt = new AbortController();
  const events = guardedSink(writer, deps, halt);
  const onStop = () => {
    if (!(stop.reason instanceof RollproofError)) {
      const signal = stop.reason === 'SIGTERM' || stop.reason === 'SIGHUP' ? stop.reason : 'SIGINT';
      events.append({ kind: 'interrupted', at: deps.clock.now(), signal });
    }
    halt.abort(stop.reason);
  };
  stop.addEventListener('abort', onStop, { once: true });
  try {
    writer.append(request.header);
    deps.retries?.journal(events, deps.clock);
    events.append({ kind: 'balancer-facts', at: deps.clock.now(), facts: request.facts });
    events.append({ kind: 'preflight', at: deps.clock.now(), findings: request.findings, forced: request.forced });
    if (stop.aborted) onStop();
    const end = await underTraffic(request, deps, events, halt, giveUp);
    if (deps.received !== undefined) await auditRequests(deps.received, deps.clock, events);
    const error = () => end.error ?? (halt.signal.reason instanceof RollproofError ? halt.signal.reason : null);
    events.append({
      kind: 'run-ended',
      at: deps.clock.now(),
      deploy: end.deploy,
      stillDetached: end.stillDetached,
      error: error()?.message ?? null,
    });
    closeQuietly(writer, halt);
    return { stillDetached: end.stillDetached, error: error() };
  } finally {
    stop.removeEventListener('abort', onStop);
    closeQuietly(writer, halt);
  }
}

/** A last sync that fails (a dying disk) must not hide what the run has to say about detached targets. */
function closeQuietly(writer: EventWriter, halt: AbortController): void {
  try {
    writer.close();
  } catch (cause) {
    halt.abort(asRollproofError(cause));
  }
}

/** Starts traffic and watch, lets the pipeline run inside them, and stops both whatever happened. */
async function underTraffic(
  request: RunRequest,
  deps: RunDeps,
  events: EventSink,
  halt: AbortController,
  giveUp: AbortSignal,
): Promise<PipelineEnd> {
  const trafficStop = new AbortController();
  const watchStop = new AbortController();
  const { service } = request.scenario;
  const live = liveTraffic(service.ok, request.scenario.targets, service.requests);
  const timed = withHardStop(request, deps.external);
  const membership = membershipOf(request.scenario.targets);
  const seen: EventSink = {
    append(event) {
      membership.event(event);
      events.append(event);
    },
  };
  try {
    await deps.engine.prepare?.(workloadOf(timed, deps.engine.capabilities.name, deps.clock.now()));
  } catch (cause) {
    return { deploy: 'not-started', stillDetached: [], error: asRollproofError(cause) };
  }
  // A traffic source that cannot even start stops the run; left to itself the rejection would end the process.
  const traffic = startTraffic(timed, deps, events, live, halt, trafficStop.signal).catch((cause: unknown) =>
    halt.abort(asRollproofError(cause)),
  );
  const watch = watchBalancer(
    request.scenario.targets,
    request.watchEveryMs,
    { ...deps, events: seen },
    watchStop.signal,
  );
  try {
    return await baselineThenDeploy(request, deps, { events, traffic: live, membership }, halt.signal, giveUp);
  } catch (cause) {
    return { deploy: 'failed', stillDetached: [], error: asRollproofError(cause) };
  } finally {
    trafficStop.abort();
    await traffic;
    watchStop.abort();
    await watch;
  }
}

async function baselineThenDeploy(
  request: RunRequest,
  deps: RunDeps,
  { events, traffic, membership }: { events: EventSink; traffic: TrafficView; membership: Membership },
  halt: AbortSignal,
  giveUp: AbortSignal,
): Promise<PipelineEnd> {
  const { scenario } = request;
  await deps.clock.sleep(scenario.traffic.warmUpMs + scenario.traffic.baselineMs, halt);
  if (halt.aborted) {
    const error =
      halt.reason instanceof RollproofError
        ? halt.reason
        : new RollproofError('INTERRUPTED', 'stopped before the first detach');
    return { deploy: 'not-started', stillDetached: [], error };
  }
  const { external } = deps;
  const everyMs = request.watchEveryMs;
  const context = { scenario, facts: request.facts, events, traffic, membership, everyMs };
  const end =
    external === undefined
      ? await ownPipeline(request, deps, events, traffic, halt, giveUp)
      : await runExternalDeploy(external, deps, context, halt, giveUp);
  await deps.clock.sleep(scenario.traffic.settleMs + AFTERGLOW_MS, halt);
  return end;
}

function ownPipeline(
  { scenario, facts, header }: RunRequest,
  deps: RunDeps,
  events: EventSink,
  traffic: TrafficView,
  halt: AbortSignal,
  giveUp: AbortSignal,
): Promise<PipelineEnd> {
  const runnerDeps = {
    balancer: deps.balancer,
    deployer: deps.deployer(events),
    events,
    clock: deps.clock,
    targets: scenario.targets,
    rollout: scenario.rollout,
    runId: header.runId,
    probe: deps.probe,
    traffic,
    members: facts.members,
    longestRequestMs: longestRequestMs(scenario),
  };
  return runPipeline(pipelineOf(scenario, facts), runnerDeps, halt, giveUp);
}

/**
 * The journal as the rest of the run sees it. A write that fails halts the run; the runner is told too (it must not
 * detach what it could not journal), a bystander such as the watch only sees the halt.
 */
export function guardedSink(writer: EventWriter, deps: Pick<RunDeps, 'observer'>, halt: AbortController): EventSink {
  return {
    append(event) {
      deps.observer.event(event);
      try {
        writer.append(event);
      } catch (cause) {
        const error = asRollproofError(cause);
        halt.abort(error);
        if (event.kind.startsWith('step-') || event.kind.startsWith('stage-')) throw error;
      }
    },
  };
}
