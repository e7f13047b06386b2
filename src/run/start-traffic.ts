import { RollproofError } from '../domain/errors.js';
import type { BalancerFacts, EngineEnd, EventSink, TrafficProgress, Workload } from '../domain/ports.js';
import type { Scenario } from '../domain/scenario.js';
import type { Instant } from '../domain/time.js';
import { sampleFile } from '../journal/run-directory.js';
import { openSampleWriter, type SampleWriter } from '../journal/sample-writer.js';
import { pipelineOf } from '../pipeline/compile.js';
import { asRollproofError } from '../pipeline/runner.js';
import { segmentSource, segmentsOf } from '../traffic/segments.js';
import { type ExternalPlan, externalMs } from './external-deploy.js';
import type { RunDeps, RunRequest } from './run-scenario.js';
import type { LiveTraffic } from './traffic-view.js';

/** The engine's own hard stop, far past every planned end: a lost parent must not leave traffic running. */
const HARD_STOP_MARGIN_MS = 10 * 60_000;

/** A deploy of somebody else's lasts as long as it is allowed to, whatever the scenario's own pipeline would take. */
export function withHardStop(request: RunRequest, external: ExternalPlan | undefined): RunRequest {
  if (external === undefined || request.maxDurationMs !== undefined) return request;
  const { warmUpMs, baselineMs, settleMs } = request.scenario.traffic;
  const plannedMs = warmUpMs + baselineMs + externalMs(external, request.facts) + settleMs;
  return { ...request, maxDurationMs: plannedMs + HARD_STOP_MARGIN_MS };
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
