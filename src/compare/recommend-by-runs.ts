import { downtimeUpper, fromLongest, provesAtMost, type SleepBound, type SleepRuns } from './sleep-runs.js';

/** What a study of several sleeps says by the outcome of its runs alone. */
export interface RunsRecommendation {
  /** Shortest sleep proven to have downtime in at most `limit` of its deploys; null: none is yet. */
  readonly recommendedMs: number | null;
  /** For the eye only, see {@link observedMinimum}. */
  readonly observedMinimumMs: number | null;
  /** Longest sleep first, in the order they were tested. */
  readonly table: readonly SleepBound[];
}

/**
 * Recommends from outcomes only (verdict.md §8): the sleeps are tested from the longest down, each at this α, until the
 * first whose bound exceeds `limit`. A fixed sequence needs no correction for their number, since a false claim must
 * begin with the longest sleep that does not hold, whose own test errs with probability ≤ α (Westfall & Krishen
 * 2001). A sleep below one that was not shown is not shown either, however well its own runs went.
 */
export function recommendByRuns(rows: readonly SleepRuns[], limit: number, alpha: number): RunsRecommendation {
  let going = true;
  let recommendedMs: number | null = null;
  const table = fromLongest(rows).map((row): SleepBound => {
    const upper = downtimeUpper(row, alpha);
    going = going && provesAtMost(upper, limit);
    if (going) recommendedMs = row.sleepMs;
    return { ...row, upper, shown: going };
  });
  return { recommendedMs, observedMinimumMs: observedMinimum(rows), table };
}

/**
 * Shortest sleep with runs and no failure at it or at any longer one. Observed, not proven: picked this way from 3
 * repeats it has downtime in more than 5 % of its deploys in 83 % of studies (verdict.md §9), so it is never printed
 * without that label.
 */
export function observedMinimum(rows: readonly SleepRuns[]): number | null {
  let shortest: number | null = null;
  for (const { sleepMs, runs, bad } of fromLongest(rows)) {
    if (bad !== 0 || !Number.isFinite(sleepMs)) break;
    if (runs > 0) shortest = sleepMs;
  }
  return shortest;
}
