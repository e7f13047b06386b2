import { nonIncreasingFit } from '../stats/isotonic.js';
import { fromLongest, type SleepRuns } from './sleep-runs.js';

/** One point of the curve of P(downtime | sleep). */
export interface DowntimePoint extends SleepRuns {
  /** Estimate that never rises with the sleep; null where nothing was run. For the chart: it proves nothing. */
  readonly fitted: number | null;
}

/** Isotonic estimate of P(downtime) over the sleeps, shortest first: more sleep never makes it worse. */
export function downtimeCurve(rows: readonly SleepRuns[]): DowntimePoint[] {
  const points = fromLongest(rows.filter(({ sleepMs }) => Number.isFinite(sleepMs))).reverse();
  const fitted = nonIncreasingFit(
    points.map((p) => p.bad),
    points.map((p) => p.runs),
  );
  return points.map((point, index) => ({ ...point, fitted: fitted[index] ?? null }));
}
