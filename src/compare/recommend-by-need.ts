import { hasAnotherCause, isSafeWith, type NeedObservation } from './need.js';
import { downtimeUpper, provesAtMost, type SleepBound } from './sleep-runs.js';

/** What a study says by the need of its deploys. */
export interface NeedRecommendation {
  /** Shortest candidate proven to be too short for at most `limit` of deploys; null: none is yet. */
  readonly recommendedMs: number | null;
  /** Deploys that failed although they slept long enough. With any, no sleep is recommended: it is not the cause. */
  readonly otherCauses: number;
  /** Candidates, shortest first; `runs` are the virtual trials, `bad` those that needed more or may have. */
  readonly table: readonly SleepBound[];
}

/**
 * Recommends from the need variable (verdict.md §8): a run with sleep s′ ≥ s tells whether s had been enough, so it is
 * a trial of s too. The candidates share these trials, hence α is divided by their number (Bonferroni). The candidates
 * are fixed beforehand, never chosen by the data; sleeps may be of any one environment only, never lab with real.
 */
export function recommendByNeed(
  observations: readonly NeedObservation[],
  candidatesMs: readonly number[],
  limit: number,
  alpha: number,
): NeedRecommendation {
  const sleeps = [...new Set(candidatesMs)].sort((a, b) => a - b);
  const otherCauses = observations.filter(hasAnotherCause).length;
  // Not on alpha / n alone: an alpha of 1 or more, divided, would look like a confidence.
  const alphaEach = alpha < 1 ? alpha / sleeps.length : 1;
  const table = sleeps.map((sleepMs): SleepBound => {
    let [runs, bad] = [0, 0];
    for (const observation of observations) {
      // A sleep that is no number cannot be placed: counted everywhere, as not safe.
      if (observation.sleepMs < sleepMs) continue;
      runs++;
      if (!isSafeWith(sleepMs, observation)) bad++;
    }
    const upper = downtimeUpper({ sleepMs, runs, bad }, alphaEach);
    return { sleepMs, runs, bad, upper, shown: otherCauses === 0 && provesAtMost(upper, limit) };
  });
  return { recommendedMs: table.find((row) => row.shown)?.sleepMs ?? null, otherCauses, table };
}
