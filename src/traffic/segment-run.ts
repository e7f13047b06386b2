import type { Segment } from '../domain/event.js';
import type { EngineEnd, TrafficEngine, TrafficProgress, Workload } from '../domain/ports.js';
import { segmentSource } from './segments.js';

type Sinks = Parameters<TrafficEngine['run']>[1];

/**
 * Runs every segment of a plan at once, each as a source of its own with its own end; the first that breaks stops the others.
 * A whole plan runs as it is. `run` is given the part of the workload, its sinks, its stop and its place in the list.
 */
export async function runSegments(
  segments: readonly Segment[],
  workload: Workload,
  sinks: Sinks,
  signal: AbortSignal,
  run: (part: Workload, sinks: Sinks, signal: AbortSignal, i: number) => Promise<EngineEnd>,
): Promise<EngineEnd> {
  if (segments.length === 1) return run(workload, sinks, signal, 0);
  const sinksOf = segmentedSinks(segments.length, sinks);
  const halt = new AbortController();
  const stop = AbortSignal.any([signal, halt.signal]);
  const ends = await Promise.all(
    segments.map(async (segment, i) => {
      const part = { ...workload, source: segmentSource(workload.source, segment), segment };
      const end = await run(part, sinksOf[i]!, stop, i);
      if (end.error !== null) halt.abort();
      return end;
    }),
  );
  return {
    scheduled: ends.reduce((sum, end) => sum + end.scheduled, 0),
    error: ends.find((end) => end.error !== null)?.error ?? null,
    segments: ends,
  };
}

/**
 * The sinks of each segment: rows go on with the segment's index, events name their source themselves, and the live
 * figures of all become one (counters add up; of p99 the worst counts; the interval is a segment's own).
 */
function segmentedSinks(count: number, sinks: Sinks): readonly Sinks[] {
  const latest: (TrafficProgress | undefined)[] = new Array(count).fill(undefined);
  return latest.map((_, i) => ({
    samples: { append: (batch) => sinks.samples.append(batch, i + 1) },
    events: sinks.events,
    progress: (figures) => {
      latest[i] = figures;
      // Once a round: the first segment speaks for all, with what the others said last.
      if (i === 0) sinks.progress(combined(latest.filter((one) => one !== undefined)));
    },
  }));
}

function combined(parts: readonly TrafficProgress[]): TrafficProgress {
  const sum = (of: (figures: TrafficProgress) => number) => parts.reduce((total, one) => total + of(one), 0);
  const answeredBy = new Map<string, number>();
  for (const part of parts)
    for (const [target, answers] of Object.entries(part.answeredBy))
      answeredBy.set(target, (answeredBy.get(target) ?? 0) + answers);
  return {
    scheduled: sum((one) => one.scheduled),
    sent: sum((one) => one.sent),
    ok: sum((one) => one.ok),
    failed: sum((one) => one.failed),
    dropped: sum((one) => one.dropped),
    inFlight: sum((one) => one.inFlight),
    latencyMsP99: Math.max(...parts.map((one) => one.latencyMsP99)),
    answeredBy: Object.fromEntries(answeredBy),
    intervalMs: parts[0]?.intervalMs ?? 0,
  };
}
