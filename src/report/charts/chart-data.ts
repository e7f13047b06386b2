import type { RunResult, Series } from '../../domain/result.js';

/** One point of a line; x in seconds of the run, y null where there is nothing. */
export interface Point {
  readonly x: number;
  readonly y: number | null;
}

/** Points per line: more than the picture has pixels would only make it slower to draw. */
const POINTS_MAX = 600;

/** How buckets are joined for a picture, so that no figure is taken from a mean of means. */
export interface Grouping {
  readonly size: number;
  readonly groupMs: number;
}

/** At least `floorMs` per point and at most POINTS_MAX points. */
export function groupingOf(series: Series, floorMs: number): Grouping {
  const size = Math.max(1, Math.ceil(floorMs / series.bucketMs), Math.ceil(series.ok.length / POINTS_MAX));
  return { size, groupMs: size * series.bucketMs };
}

/**
 * Counts as events per second. The last group is left out: traffic ends somewhere inside it, and a line that
 * falls there would look like an outage (failures keep their own marks, see {@link failureSeconds}).
 */
export function perSecond(series: Series, counts: readonly number[], { size }: Grouping): Point[] {
  const groups = grouped(counts, size);
  const whole = groups.length > 1 ? groups.slice(0, -1) : groups;
  return whole.map((group, index) => ({
    x: middle(series, size, index, group.length),
    y: (group.reduce((sum, n) => sum + n, 0) * 1000) / (group.length * series.bucketMs),
  }));
}

/** The largest value of each group: a peak may be moved by a group, never lost. */
export function peaks(series: Series, values: readonly (number | null)[], { size }: Grouping): Point[] {
  return grouped(values, size).map((group, index) => {
    const present = group.filter((value) => value !== null);
    return { x: middle(series, size, index, group.length), y: present.length === 0 ? null : Math.max(...present) };
  });
}

/** Start of every bucket that holds a failure, in seconds; never thinned out. */
export function failureSeconds({ series }: RunResult): number[] {
  return [...series.failed.entries()].filter(([, n]) => n > 0).map(([i]) => (series.from + i * series.bucketMs) / 1000);
}

/** From the first bucket to the end of the run, in seconds. */
export function extent({ series, run }: RunResult): { min: number; max: number } {
  const min = Math.min(0, series.from / 1000);
  return {
    min,
    max: Math.max(run.durationMs / 1000, (series.from + series.ok.length * series.bucketMs) / 1000, min + 1),
  };
}

function grouped<T>(values: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(values.length / size) }, (_, i) => values.slice(i * size, (i + 1) * size));
}

function middle(series: Series, size: number, index: number, length: number): number {
  return (series.from + (index * size + length / 2) * series.bucketMs) / 1000;
}
