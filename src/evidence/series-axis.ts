import type { SampleTable } from '../domain/sample.js';
import type { Instant } from '../domain/time.js';

/** Equal buckets over all arrivals of the run. */
export interface SeriesAxis {
  readonly from: Instant;
  readonly bucketMs: number;
  readonly length: number;
}

const BUCKET_MS = 100;
const BUCKETS_MAX = 6000;

/**
 * 100 ms buckets from the first to the last arrival or failure, wider in a long run; aligned to whole buckets of 100 ms.
 * @param failedAt when each failure failed.
 */
export function seriesAxis(table: SampleTable, failedAt: Float64Array): SeriesAxis {
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (let row = 0; row < table.length; row++) {
    const at = table.scheduledAt[row]!;
    if (!Number.isFinite(at)) continue;
    if (at < first) first = at;
    if (at > last) last = at;
  }
  for (let i = 0; i < failedAt.length; i++) if (failedAt[i]! > last) last = failedAt[i]!;
  if (!(last >= first)) return { from: 0, bucketMs: BUCKET_MS, length: 0 };
  const from = Math.floor(first / BUCKET_MS) * BUCKET_MS;
  const bucketMs = BUCKET_MS * Math.max(1, Math.ceil((last - from + 1) / BUCKET_MS / BUCKETS_MAX));
  return { from, bucketMs, length: Math.floor((last - from) / bucketMs) + 1 };
}

/** Bucket of an instant, or −1 when it is on no bucket (NaN too). */
export function bucketAt(axis: SeriesAxis, at: Instant): number {
  const bucket = Math.floor((at - axis.from) / axis.bucketMs);
  return bucket >= 0 && bucket < axis.length ? bucket : -1;
}
