import type { LatencySummary } from '../domain/result.js';
import { HELD_LANE } from '../domain/sample.js';
import { quantilesOf } from '../stats/quantiles-of.js';
import type { JudgedSamples } from './judged-samples.js';

/** ended − scheduled of the successes in all lanes but the held one, before the deploy and during it; null without any. */
export function latencySummaries(samples: JudgedSamples): {
  readonly baseline: LatencySummary | null;
  readonly deploy: LatencySummary | null;
} {
  return { baseline: summary(samples, samples.inBaseline), deploy: summary(samples, samples.inWindow) };
}

function summary(samples: JudgedSamples, wanted: Uint8Array): LatencySummary | null {
  const { table, ok } = samples;
  const took = (take: (ms: number) => void): void => {
    for (let row = 0; row < table.length; row++) {
      if (wanted[row] === 1 && ok[row] === 1 && table.lane.at(row) !== HELD_LANE)
        take(table.endedAt.at(row) - table.scheduledAt[row]!);
    }
  };
  const { count, quantiles } = quantilesOf(took, [0.5, 0.95, 0.99, 0.999, 1]);
  const [p50, p95, p99, p999, max] = quantiles;
  if (p50 == null || p95 == null || p99 == null || p999 == null || max == null) return null;
  return { requests: count, p50, p95, p99, p999, max };
}

/** Judged successes that took longer than the objective, counted from when they were due; null without one. */
export function slowCount(samples: JudgedSamples, slowMs: number | null): number | null {
  if (slowMs === null) return null;
  const { table, ok, inWindow } = samples;
  let slow = 0;
  for (let row = 0; row < table.length; row++) {
    if (
      inWindow[row] === 1 &&
      ok[row] === 1 &&
      table.lane.at(row) !== HELD_LANE &&
      table.endedAt.at(row) - table.scheduledAt[row]! > slowMs
    )
      slow++;
  }
  return slow;
}
