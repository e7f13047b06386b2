import type { Series } from '../domain/result.js';
import { HELD_LANE } from '../domain/sample.js';
import type { TargetId } from '../domain/target.js';
import type { Instant } from '../domain/time.js';
import { quantilesInPlace } from '../stats/quantile.js';
import { heatmapOf } from './heatmap.js';
import { classAt, type JudgedSamples, NO_TARGET } from './judged-samples.js';
import { scratchOf } from './scratch.js';
import { bucketAt, type SeriesAxis, seriesAxis } from './series-axis.js';
import { failedInstant } from './witness.js';

/**
 * Counts and latencies of all arrivals over time, each counted when it was due; a failure when it failed, for a request
 * that was held open for long would otherwise show its fault before the step that caused it.
 */
export function seriesOf(samples: JudgedSamples, targets: readonly TargetId[]): Series {
  const { table } = samples;
  const failedAt = failedInstantOf(samples);
  const axis = seriesAxis(table, failedAt);
  // There are no more than BUCKETS_MAX.
  const bucket = new Int16Array(table.length);
  for (let row = 0; row < table.length; row++) bucket[row] = bucketAt(axis, table.scheduledAt[row]!);
  return {
    from: axis.from,
    bucketMs: axis.bucketMs,
    ...tallies(samples, bucket, axis.length, targets),
    failed: failures(axis, table.length, failedAt),
    ...latencies(samples, bucket, axis.length),
    heatmap: heatmapOf(samples, bucket, axis),
  };
}

function tallies(samples: JudgedSamples, bucket: Int16Array, length: number, targets: readonly TargetId[]) {
  const [offered, ok, unknown] = [zeros(length), zeros(length), zeros(length)];
  const answered = targets.map(() => zeros(length));
  for (let row = 0; row < bucket.length; row++) {
    const at = bucket[row]!;
    if (at < 0) continue;
    offered[at]! += 1;
    ok[at]! += samples.ok[row]!;
    unknown[at]! += samples.unknown[row]!;
    const target = samples.target[row]!;
    if (target !== NO_TARGET) answered[target]![at]! += 1;
  }
  const answeredBy = targets.map((target, i) => ({ target, count: [...answered[i]!] }));
  return { offered: [...offered], ok: [...ok], unknown: [...unknown], answeredBy };
}

/** NaN for rows that did not fail. */
function failedInstantOf(samples: JudgedSamples): (row: number) => Instant {
  const { failed, table } = samples;
  return (row) =>
    failed[row] === 1
      ? failedInstant(classAt(samples, row), table.scheduledAt[row]!, table.endedAt.at(row))
      : Number.NaN;
}

function failures(axis: SeriesAxis, rows: number, failedAt: (row: number) => Instant): number[] {
  const failed = zeros(axis.length);
  for (let row = 0; row < rows; row++) {
    const at = bucketAt(axis, failedAt(row));
    if (at >= 0) failed[at]! += 1;
  }
  return [...failed];
}

function zeros(length: number): Float64Array {
  return new Float64Array(length);
}

/** Quantiles of the successes in each bucket, but for the held lane: rows are gathered by bucket, then each bucket is looked at. */
function latencies(samples: JudgedSamples, bucket: Int16Array, length: number) {
  const { table, ok } = samples;
  const start = new Uint32Array(length + 1);
  const counts = (row: number) => bucket[row]! >= 0 && ok[row] === 1 && table.lane.at(row) !== HELD_LANE;
  for (let row = 0; row < bucket.length; row++) if (counts(row)) start[bucket[row]! + 1]!++;
  for (let i = 0; i < length; i++) start[i + 1]! += start[i]!;
  const values = scratchOf(table);
  const next = start.slice();
  for (let row = 0; row < bucket.length; row++) {
    if (counts(row)) values[next[bucket[row]!]!++] = table.endedAt.at(row) - table.scheduledAt[row]!;
  }
  const columns: Record<'p50' | 'p95' | 'p99' | 'max', (number | null)[]> = { p50: [], p95: [], p99: [], max: [] };
  for (let i = 0; i < length; i++) {
    const part = quantilesInPlace(values.subarray(start[i]!, start[i + 1]!), [0.5, 0.95, 0.99, 1]).map(shown);
    columns.p50.push(part[0] ?? null);
    columns.p95.push(part[1] ?? null);
    columns.p99.push(part[2] ?? null);
    columns.max.push(part[3] ?? null);
  }
  return columns;
}

/** To a microsecond: the reports show no more. */
function shown(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms * 1000) / 1000;
}
