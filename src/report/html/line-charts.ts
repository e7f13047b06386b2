import type { RunResult } from '../../domain/result.js';
import { count, duration } from '../figures.js';
import type { Line, LineChart } from './svg/lines.js';
import { FAILED_LINE, lineLook } from './svg/palette.js';

const most = (values: readonly (number | null)[]): number =>
  values.reduce<number>((top, v) => Math.max(top, v ?? 0), 0);

/**
 * Counts per bucket as a rate. The last bucket is cut where the traffic ended: as a rate it would look like a
 * collapse, so it is left out unless it holds something that went wrong.
 */
function ratesOf(counts: readonly number[], { series, run, window }: RunResult): readonly (number | null)[] {
  const last = series.offered.length - 1;
  const endsAt = Math.min(window?.to ?? run.durationMs, run.durationMs);
  const cut = series.from + (last + 1) * series.bucketMs > endsAt;
  const clean = (series.failed[last] ?? 0) === 0 && (series.unknown[last] ?? 0) === 0;
  return counts.map((n, i) =>
    i === last && cut && clean ? null : Math.round((n * 10_000_000) / series.bucketMs) / 10_000,
  );
}

/** Requests offered, answered and failed per second. */
export function throughputChart(result: RunResult): LineChart {
  const { series } = result;
  const perSecond = (counts: readonly number[]): readonly (number | null)[] => ratesOf(counts, result);
  const failed = perSecond(series.failed);
  const lines: Line[] = [
    { label: 'offered', look: lineLook(5), values: perSecond(series.offered), reduce: 'mean' },
    { label: 'answered well', look: lineLook(0), values: perSecond(series.ok), reduce: 'mean' },
    { label: 'failed', look: FAILED_LINE, values: failed, reduce: 'max', area: true },
  ];
  if (series.unknown.some((n) => n > 0))
    lines.push({ label: 'unknown', look: lineLook(2), values: perSecond(series.unknown), reduce: 'max' });
  const worst = most(failed);
  return {
    id: 'chart-throughput',
    title: 'Requests per second',
    description:
      worst === 0
        ? `About ${count(Math.round(result.generator.offeredPerSecond))} requests per second were offered; none failed in any ${duration(series.bucketMs)} bucket.`
        : `About ${count(Math.round(result.generator.offeredPerSecond))} requests per second were offered; failures peaked at ${count(Math.round(worst))} per second.`,
    unit: 'requests / s',
    from: series.from,
    bucketMs: series.bucketMs,
    lines,
    bucketWord: duration(series.bucketMs),
    note: 'A failure stands where the request failed (a timeout where it was due), everything else where it was due.',
  };
}

/** Latency percentiles per bucket, from the scheduled start. */
export function latencyChart(result: RunResult): LineChart {
  const { series, latency } = result;
  const p99 = latency.deploy === null ? '' : ` p99 in the deploy was ${duration(latency.deploy.p99)}`;
  const base = latency.baseline === null ? '' : `, in the baseline ${duration(latency.baseline.p99)}`;
  return {
    id: 'chart-latency',
    title: 'Latency',
    description: `Percentiles of the time from scheduled start to end, per ${duration(series.bucketMs)} bucket.${p99}${base}.`,
    unit: 'ms',
    from: series.from,
    bucketMs: series.bucketMs,
    lines: [
      { label: 'p50', look: lineLook(0), values: series.p50, reduce: 'mean' },
      { label: 'p95', look: lineLook(3), values: series.p95, reduce: 'mean' },
      { label: 'p99', look: lineLook(1), values: series.p99, reduce: 'max' },
      { label: 'max', look: lineLook(2), values: series.max, reduce: 'max' },
    ],
    bucketWord: duration(series.bucketMs),
  };
}

/** Requests per second each target answered. */
export function answeredChart(result: RunResult): LineChart {
  const { series } = result;
  const lines: readonly Line[] = series.answeredBy.map((a, i) => ({
    label: a.target,
    look: lineLook(i),
    values: ratesOf(a.count, result),
    reduce: 'mean' as const,
  }));
  const said = series.answeredBy.map((a) => `${a.target} ${count(a.count.reduce((x, y) => x + y, 0))}`);
  return {
    id: 'chart-answered',
    title: 'Requests answered per second, by target',
    description: `Requests answered in the whole run: ${said.length === 0 ? 'no target was named by any answer' : said.join(', ')}.`,
    unit: 'requests / s',
    from: series.from,
    bucketMs: series.bucketMs,
    lines,
    bucketWord: duration(series.bucketMs),
  };
}
