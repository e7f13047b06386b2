import { RollproofError } from '../domain/errors.js';
import type { PreflightFinding, RunEvent, RunHeader } from '../domain/event.js';
import type {
  Balancer,
  BalancerFacts,
  Deployer,
  EngineEnd,
  EventSink,
  TargetProbe,
  TrafficEngine,
  TrafficProgress,
  TrafficView,
  Workload,
} from '../domain/ports.js';
import type { Scenario } from '../domain/scenario.js';
import type { TargetId } from '../domain/target.js';
import type { Clock, Instant } from '../domain/time.js';
import { type EventWriter, openEventWriter } from '../journal/event-writer.js';
import { runPaths, sampleFile } from '../journal/run-directory.js';
import { openSampleWriter, type SampleWriter } from '../journal/sample-writer.js';
import { pipelineOf } from '../pipeline/compile.js';
import { longestRequestMs } from '../pipeline/deadlines.js';
import { asRollproofError, type PipelineEnd, runPipeline } from '../pipeline/runner.js';
import { segmentSource, segmentsOf } from '../traffic/segments.js';
import { watchBalancer } from './balancer-watch.js';
import { type LiveTraffic, liveTraffic } from './traffic-view.js';

/** Traffic outlives the judged window by this much, so that its last moment is still observed. */
export const AFTERGLOW_MS = 250;
/** The engine's own hard stop, far past every planned end: a lost parent must not leave traffic running. */
const HARD_STOP_MARGIN_MS = 10 * 60_000;

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
  /** Made late, because a deployer writes its facts to this run's journal. */
  readonly deployer: (events: EventSink) => Deployer;
  readonly observer: RunObserver;
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
  try {
    await deps.engine.prepare?.(workloadOf(request, deps.engine.capabilities.name, deps.clock.now()));
  } catch (cause) {
    return { deploy: 'not-started', stillDetached: [], error: asRollproofError(cause) };
  }
  // A traffic source that cannot even start stops the run; left to itself the rejection would end the process.
  const traffic = startTraffic(request, deps, events, live, halt, trafficStop.signal).catch((cause: unknown) =>
    halt.abort(asRollproofError(cause)),
  );
  const watch = watchBalancer(request.scenario.targets, request.watchEveryMs, { ...deps, events }, watchStop.signal);
  try {
    return await baselineThenPipeline(request, deps, events, live, halt.signal, giveUp);
  } catch (cause) {
    return { deploy: 'failed', stillDetached: [], error: asRollproofError(cause) };
  } finally {
    trafficStop.abort();
    await traffic;
    watchStop.abort();
    await watch;
  }
}

async function baselineThenPipeline(
  request: RunRequest,
  deps: RunDeps,
  events: EventSink,
  traffic: TrafficView,
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
  const runnerDeps = {
    balancer: deps.balancer,
    deployer: deps.deployer(events),
    events,
    clock: deps.clock,
    targets: scenario.targets,
    rollout: scenario.rollout,
    runId: request.header.runId,
    probe: deps.probe,
    traffic,
    members: request.facts.members,
    longestRequestMs: longestRequestMs(scenario),
  };
  const end = await runPipeline(pipelineOf(scenario, request.facts), runnerDeps, halt, giveUp);
  await deps.clock.sleep(scenario.traffic.settleMs + AFTERGLOW_MS, halt);
  return end;
}

/** What the engine of a run is asked for. */
export function workloadOf(
  { scenario, header, facts, maxDurationMs }: RunRequest,
  source: string,
  startAt: Instant,
): Workload {
  return {
    source,
    runId: header.runId,
    service: scenario.service,
    traffic: scenario.traffic,
    monotonicOriginNs: header.monotonicOriginNs,
    startAt,
    maxDurationMs: maxDurationMs ?? plannedMs(scenario, facts) + HARD_STOP_MARGIN_MS,
  };
}

/** Resolves when the engine has ended and its stream is closed; a dead engine or a full disk halts the run. */
export async function startTraffic(
  request: RunRequest,
  deps: Pick<RunDeps, 'engine' | 'clock' | 'observer'>,
  events: EventSink,
  live: LiveTraffic,
  halt: AbortController,
  stop: AbortSignal,
): Promise<void> {
  const { name, segments = 1, healthEveryMs, hasControl, limits = [] } = deps.engine.capabilities;
  const hasRequests = (request.scenario.service.requests ?? []).length > 0;
  const sources = segmentsOf(segments).map((segment) => {
    const source = segmentSource(name, segment);
    return { source, segment, samples: openSampleWriter(sampleFile(request.dir, source), source, hasRequests) };
  });
  const startAt = deps.clock.now();
  const sinks = {
    samples: {
      append(batch: Parameters<SampleWriter['append']>[0], segment = 1) {
        live.add(batch);
        const { samples } = sources[segment - 1]!;
        const kept = samples.append(batch);
        if (!kept && !stop.aborted) halt.abort(asRollproofError(samples.failed));
        return kept;
      },
    },
    events,
    progress: (p: TrafficProgress) => deps.observer.traffic(p),
  };
  const workload = workloadOf(request, name, startAt);
  const warmUpEndsAt = startAt + request.scenario.traffic.warmUpMs;
  for (const { source, segment } of sources) {
    const started = { kind: 'traffic-started', at: startAt, source, warmUpEndsAt, healthEveryMs, hasControl } as const;
    events.append(segments === 1 ? started : { ...started, segment });
  }
  for (const limit of limits) events.append({ kind: 'warning', at: startAt, message: `${name}: ${limit}` });
  let end: EngineEnd;
  try {
    end = await deps.engine.run(workload, sinks, stop);
  } catch (cause) {
    const error = asRollproofError(cause).message;
    end = { scheduled: 0, error, segments: sources.map(({ samples }) => ({ scheduled: samples.rows, error })) };
  }
  let first: string | null = end.error;
  for (const [i, { source, samples }] of sources.entries()) {
    samples.close();
    const { scheduled, error: own } = end.segments?.[i] ?? end;
    const error = own ?? samples.failed?.message ?? null;
    first ??= error;
    events.append({ kind: 'traffic-stopped', at: deps.clock.now(), source, scheduled, error });
  }
  if (!stop.aborted)
    halt.abort(new RollproofError('INTERNAL', `the traffic engine ended by itself: ${first ?? 'no reason given'}`));
}

/** Upper estimate of how long the run may take, ms. */
function plannedMs(scenario: Scenario, facts: BalancerFacts): number {
  const { traffic, rollout } = scenario;
  const perStep = pipelineOf(scenario, facts)
    .stages.flatMap((s) => s.steps)
    .map((step) => {
      if (step.kind === 'sleep') return step.ms;
      if (step.kind === 'await') return step.timeoutMs;
      if (step.kind === 'deploy' && rollout.deploy.kind === 'command') return rollout.deploy.timeoutMs;
      return 60_000;
    });
  return traffic.warmUpMs + traffic.baselineMs + traffic.settleMs + perStep.reduce((a, b) => a + b, 0);
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
