import type { Series } from '../domain/result.js';
import { HELD_LANE } from '../domain/sample.js';
import type { TargetId } from '../domain/target.js';
import { quantilesInPlace } from '../stats/quantile.js';
import { Heatmap } from './heatmap.js';
import { classAt, type JudgedSamples, NO_TARGET } from './judged-samples.js';
import { bucketAt, type SeriesAxis, seriesAxis } from './series-axis.js';
import { failedInstant } from './witness.js';

/**
 * Counts and latencies of all arrivals over time, each counted when it was due; a failure when it failed, for a request
 * that was held open for long would otherwise show its fault before the step that caused it.
 */
export function seriesOf(samples: JudgedSamples, targets: readonly TargetId[]): Series {
  const failedAt = failedInstants(samples);
  const axis = seriesAxis(samples.table, failedAt);
  return {
    from: axis.from,
    bucketMs: axis.bucketMs,
    ...arrivals(samples, axis, targets),
    failed: failures(axis, failedAt),
  };
}

function arrivals(samples: JudgedSamples, axis: SeriesAxis, targets: readonly TargetId[]) {
  const { table } = samples;
  const { length } = axis;
  const [offered, ok, unknown] = [zeros(length), zeros(length), zeros(length)];
  const answered = targets.map(() => zeros(length));
  const latencies = new BucketLatencies(length);
  const heatmap = new Heatmap(axis);
  for (let row = 0; row < table.length; row++) {
    const at = bucketAt(axis, table.scheduledAt[row]!);
    if (at < 0) continue;
    offered[at]! += 1;
    ok[at]! += samples.ok[row]!;
    unknown[at]! += samples.unknown[row]!;
    const target = samples.target[row]!;
    if (target !== NO_TARGET) answered[target]![at]! += 1;
    if (samples.ok[row] === 0 || table.lane.at(row) === HELD_LANE) continue;
    const latencyMs = table.endedAt.at(row) - table.scheduledAt[row]!;
    latencies.add(at, latencyMs);
    heatmap.add(at, latencyMs);
  }
  const answeredBy = targets.map((target, i) => ({ target, count: [...answered[i]!] }));
  return {
    offered: [...offered],
    ok: [...ok],
    unknown: [...unknown],
    answeredBy,
    ...latencies.quantiles(),
    heatmap: heatmap.counts(),
  };
}

/** When each failure failed. */
function failedInstants(samples: JudgedSamples): Float64Array {
  const { failed, table } = samples;
  let count = 0;
  for (let row = 0; row < table.length; row++) count += failed[row]!;
  const instants = new Float64Array(count);
  let next = 0;
  for (let row = 0; next < count; row++)
    if (failed[row] === 1)
      instants[next++] = failedInstant(classAt(samples, row), table.scheduledAt[row]!, table.endedAt.at(row));
  return instants;
}

function failures(axis: SeriesAxis, failedAt: Float64Array): number[] {
  const failed = zeros(axis.length);
  for (let i = 0; i < failedAt.length; i++) {
    const at = bucketAt(axis, failedAt[i]!);
    if (at >= 0) failed[at]! += 1;
  }
  return [...failed];
}

function zeros(length: number): Float64Array {
  return new Float64Array(length);
}

const FIRST_HELD = 1024;

/** Quantiles of the successes in each bucket. Rows come in the order they were due, so one bucket is held at a time. */
class BucketLatencies {
  private readonly columns: Readonly<Record<'p50' | 'p95' | 'p99' | 'max', (number | null)[]>>;
  private held = new Float64Array(FIRST_HELD);
  private count = 0;
  private bucket = 0;

  constructor(length: number) {
    const empty = () => Array.from({ length }, () => null);
    this.columns = { p50: empty(), p95: empty(), p99: empty(), max: empty() };
  }

  add(bucket: number, latencyMs: number): void {
    if (bucket !== this.bucket) this.settle();
    this.bucket = bucket;
    if (this.count === this.held.length) {
      const wider = new Float64Array(2 * this.count);
      wider.set(this.held);
      this.held = wider;
    }
    this.held[this.count++] = latencyMs;
  }

  quantiles() {
    this.settle();
    return this.columns;
  }

  private settle(): void {
    if (this.count === 0) return;
    const { columns, bucket } = this;
    const part = quantilesInPlace(this.held.subarray(0, this.count), [0.5, 0.95, 0.99, 1]).map(shown);
    columns.p50[bucket] = part[0] ?? null;
    columns.p95[bucket] = part[1] ?? null;
    columns.p99[bucket] = part[2] ?? null;
    columns.max[bucket] = part[3] ?? null;
    this.count = 0;
  }
}

/** To a microsecond: the reports show no more. */
function shown(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms * 1000) / 1000;
}
