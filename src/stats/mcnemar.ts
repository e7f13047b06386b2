import { binomialTailAtLeast } from './binomial.js';

/**
 * Exact two-sided McNemar test on pairs that differ: `onlyFirst` of them failed in the first condition alone,
 * `onlySecond` in the second alone (McNemar 1947; verdict.md §8). Twice the smaller tail of Bin(b + c, ½), at most 1.
 * Pairs that agree say nothing; without any that differ p = 1, which is never proof of equality.
 */
export function mcnemarP(onlyFirst: number, onlySecond: number): number {
  const pairs = onlyFirst + onlySecond;
  if (!(pairs > 0)) return 1;
  return Math.min(1, 2 * binomialTailAtLeast(Math.max(onlyFirst, onlySecond), pairs, 0.5));
}
