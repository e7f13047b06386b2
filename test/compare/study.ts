import type { NeedObservation } from '../../src/compare/need.js';
import type { SleepRuns } from '../../src/compare/sleep-runs.js';
import { binomialTailAtLeast } from '../../src/stats/binomial.js';

/** Sleeps as a study would have them, ms. */
export const SLEEPS_MS = [0, 5000, 15_000, 30_000, 60_000] as const;

/** Outcomes of a study whose true chance of downtime at each sleep is known. */
export function studyOf(random: () => number, repeats: number, downtime: (sleepMs: number) => number): SleepRuns[] {
  return SLEEPS_MS.map((sleepMs) => {
    let bad = 0;
    for (let run = 0; run < repeats; run++) if (random() < downtime(sleepMs)) bad++;
    return { sleepMs, runs: repeats, bad };
  });
}

/** Needs of a study with a known distribution, censored at each run's own sleep. */
export function needsOf(repeats: number, drawMs: () => number): NeedObservation[] {
  return SLEEPS_MS.flatMap((sleepMs) =>
    Array.from({ length: repeats }, () => {
      const needMs = drawMs();
      const censored = needMs > sleepMs;
      return { sleepMs, needMs: censored ? sleepMs : needMs, censored, failed: censored };
    }),
  );
}

/** Whether so many errors are still what a procedure with error ≤ α makes once in a million simulations. */
export function isWithin(errors: number, studies: number, alpha: number): boolean {
  return binomialTailAtLeast(errors, studies, alpha) > 1e-6;
}
