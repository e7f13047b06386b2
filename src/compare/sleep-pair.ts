import { binomialLower } from '../stats/binomial.js';
import { mcnemarP } from '../stats/mcnemar.js';
import { downtimeUpper, type SleepRuns } from './sleep-runs.js';

/** One block of a study: the same fleet, both sleeps; whether each deploy had downtime. */
export interface PairedRuns {
  readonly first: boolean;
  readonly second: boolean;
}

/** p of the exact McNemar test that two sleeps differ. A large p is not proof that they are equal. */
export function differenceP(blocks: readonly PairedRuns[]): number {
  const onlyFirst = blocks.filter(({ first, second }) => first && !second).length;
  const onlySecond = blocks.filter(({ first, second }) => second && !first).length;
  return mcnemarP(onlyFirst, onlySecond);
}

/**
 * Largest difference between the downtime probabilities of two sleeps that the runs leave possible, either way round,
 * each way with confidence 1 − α. "Equally safe" may be said only when this is inside a margin fixed beforehand
 * (two one-sided tests; verdict.md P2 and §8).
 */
export function differenceUpper(first: SleepRuns, second: SleepRuns, alpha: number): number {
  // Each difference joins two bounds, which may both err.
  const each = alpha < 1 ? alpha / 2 : 1;
  const [firstUpper, secondUpper] = [downtimeUpper(first, each), downtimeUpper(second, each)];
  const lowerOf = (row: SleepRuns): number => (each < 1 ? binomialLower(row.bad, row.runs, each) : 0);
  return Math.max(firstUpper - lowerOf(second), secondUpper - lowerOf(first), 0);
}
