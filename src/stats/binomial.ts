import { logBinomialTerm } from './log-binomial.js';
import { fallingSum, rootOf } from './tail-roots.js';

/** Rounding allowed before a whole number is stepped over, so that f = ½, α = 0.25 needs 2 trials and not 3. */
const WHOLE_GUARD = 1e-12;

/** P(X ≥ k), summed upwards; accurate for k above the mean. */
function upperTail(k: number, n: number, p: number): number {
  if (k === n) return Math.exp(n * Math.log(p));
  const odds = p / (1 - p);
  return Math.exp(logBinomialTerm(k, n, p)) * fallingSum((i) => ((n - k - i) / (k + i + 1)) * odds);
}

/** P(X ≤ k), summed downwards; accurate for k below the mean. */
function lowerTail(k: number, n: number, p: number): number {
  if (k === 0) return Math.exp(n * Math.log1p(-p));
  const odds = (1 - p) / p;
  return Math.exp(logBinomialTerm(k, n, p)) * fallingSum((i) => ((k - i) / (n - k + i + 1)) * odds);
}

/** P(X ≥ k) for X ~ Binomial(n, p); counts are whole, the answer is within [0, 1] for any input that is a number. */
export function binomialTailAtLeast(k: number, n: number, p: number): number {
  if (k <= 0) return 1;
  if (k > n || !(p > 0)) return 0;
  if (p >= 1) return 1;
  const tail = k > n * p ? upperTail(k, n, p) : 1 - lowerTail(k - 1, n, p);
  return Math.min(1, Math.max(0, tail));
}

/** P(X ≤ k), the other side of the same. */
function tailAtMost(k: number, n: number, p: number): number {
  if (k >= n || !(p > 0)) return 1;
  if (p >= 1) return 0;
  const tail = k < n * p ? lowerTail(k, n, p) : 1 - upperTail(k + 1, n, p);
  return Math.min(1, Math.max(0, tail));
}

/** Counts made whole and ordered, so that no caller's slip can turn a bound into NaN. */
function wholeCounts(k: number, n: number): { k: number; n: number } {
  const trials = n >= 1 ? Math.floor(n) : 0;
  return { n: trials, k: k >= 1 ? Math.min(Math.ceil(k), trials) : 0 };
}

/**
 * One-sided Clopper–Pearson upper bound of a failure probability: k failures in n trials, confidence 1 − α.
 * Exact, hence conservative (Clopper & Pearson 1934; verdict.md §4). Knows nothing (1) without trials.
 */
export function binomialUpper(k: number, n: number, alpha: number): number {
  const count = wholeCounts(Number.isNaN(k) ? Number.POSITIVE_INFINITY : k, n);
  if (count.n === 0 || count.k === count.n || !(alpha > 0)) return 1;
  if (alpha >= 1) return 0;
  if (count.k === 0) return -Math.expm1(Math.log(alpha) / count.n);
  const share = count.k / count.n;
  // P(X ≤ k | k/n) ≥ ½ − a term, so the root lies above k/n for every α in use; below it only for α near 1.
  const start = tailAtMost(count.k, count.n, share) > alpha ? share : Number.MIN_VALUE;
  return rootOf(start, 1, (p) => tailAtMost(count.k, count.n, p) > alpha);
}

/** One-sided Clopper–Pearson lower bound; 0 without trials or failures. */
export function binomialLower(k: number, n: number, alpha: number): number {
  const count = wholeCounts(k, n);
  if (count.n === 0 || count.k === 0 || !(alpha > 0)) return 0;
  if (alpha >= 1) return 1;
  if (count.k === count.n) return Math.exp(Math.log(alpha) / count.n);
  const share = count.k / count.n;
  const end = binomialTailAtLeast(count.k, count.n, share) > alpha ? share : 1;
  return rootOf(Number.MIN_VALUE, end, (p) => binomialTailAtLeast(count.k, count.n, p) < alpha);
}

/**
 * Fewest trials without a failure that bound the failure probability by p with confidence 1 − α:
 * min n with (1 − p)^n ≤ α. Infinity for p ≤ 0: nothing proves a probability of zero.
 */
export function zeroFailureN(p: number, alpha: number): number {
  if (!(p > 0) || !(alpha > 0)) return Number.POSITIVE_INFINITY;
  if (p >= 1 || alpha >= 1) return 1;
  return Math.max(1, Math.ceil(Math.log(alpha) / Math.log1p(-p) - WHOLE_GUARD));
}
