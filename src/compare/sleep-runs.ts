import { binomialUpper } from '../stats/binomial.js';

/**
 * How the deploys with one sleep went. INCONCLUSIVE runs are repeated, not counted: neither as deploys nor as failed
 * ones (verdict.md §8).
 */
export interface SleepRuns {
  readonly sleepMs: number;
  readonly runs: number;
  /** Runs with downtime. */
  readonly bad: number;
}

/** What the runs say of a sleep: at most `upper` of such deploys have downtime. */
export interface SleepBound extends SleepRuns {
  readonly upper: number;
  /** Whether the bound, with the confidence asked for, proves the sleep. */
  readonly shown: boolean;
}

/** Rows of the same sleep counted together, longest sleep first; a sleep that is no number comes before all. */
export function fromLongest(rows: readonly SleepRuns[]): SleepRuns[] {
  const total = new Map<number, SleepRuns>();
  for (const { sleepMs, runs, bad } of rows) {
    const sum = total.get(sleepMs) ?? { runs: 0, bad: 0 };
    // A negative count is a slip; it must not cancel a failure of another row.
    total.set(sleepMs, { sleepMs, runs: sum.runs + Math.max(0, runs), bad: sum.bad + Math.max(0, bad) });
  }
  const place = (row: SleepRuns): number => (Number.isNaN(row.sleepMs) ? Number.POSITIVE_INFINITY : row.sleepMs);
  // Not by subtraction: two infinite places would differ by NaN.
  return [...total.values()].sort((a, b) => (place(a) === place(b) ? 0 : place(a) < place(b) ? 1 : -1));
}

/** The bound of one sleep with confidence 1 − α; knows nothing (1) for a sleep, count or α that makes no sense. */
export function downtimeUpper(row: SleepRuns, alpha: number): number {
  if (!Number.isFinite(row.sleepMs) || !(alpha < 1)) return 1;
  return binomialUpper(row.bad, row.runs, alpha);
}

/** Whether a bound proves what was asked; one of 1 says nothing and proves nothing, whatever was asked. */
export function provesAtMost(upper: number, limit: number): boolean {
  return upper < 1 && upper <= limit;
}
