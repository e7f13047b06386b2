import type { TrafficEngine, TrafficProgress } from '../domain/ports.js';

type Sinks = Parameters<TrafficEngine['run']>[1];

/**
 * The sinks of each segment: rows go on with the segment's index, events name their source themselves, and the live
 * figures of all become one (counters add up; of p99 the worst counts; the interval is a segment's own).
 */
export function segmentedSinks(count: number, sinks: Sinks): readonly Sinks[] {
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
