import { fallingSum, rootOf } from './tail-roots.js';

/** Factorials up to here are multiplied out; beyond, Stirling's series is exact to the last digit. */
const DIRECT = 64;
/** Larger counts are not bounded: the sums take O(√k) steps. */
const LARGEST_COUNT = 1e9;

/** ln P(X = k) for X ~ Poisson(k), whole k ≥ 1: the part of a term that does not depend on the mean. */
function logTermAtItsMean(k: number): number {
  if (k > DIRECT) return -0.5 * Math.log(2 * Math.PI * k) - (1 / 12 - (1 / 360 - 1 / 1260 / (k * k)) / (k * k)) / k;
  let log = -k;
  for (let j = 1; j <= k; j++) log += Math.log(k / j);
  return log;
}

/** P(X = k) from the mean; k·ln(mean/k) + k − mean is written so that nothing cancels near mean = k. */
function termOf(k: number, mean: number, logAtMean: number): number {
  const away = (mean - k) / k;
  // Far below k the difference is all but −1 and has lost what the quotient still says.
  const log = away < -0.5 ? Math.log(mean / k) : Math.log1p(away);
  return Math.exp(logAtMean - k * (away - log));
}

/** P(X ≤ k), whole k ≥ 1, mean > 0. */
function tailAtMost(k: number, mean: number, logAtMean: number): number {
  const term = termOf(k, mean, logAtMean);
  if (mean > k) return term * fallingSum((i) => (k - i) / mean);
  const above = mean / (k + 1);
  return 1 - term * above * fallingSum((i) => mean / (k + 2 + i));
}

/** P(X ≥ k), whole k ≥ 1, mean > 0. */
function tailAtLeast(k: number, mean: number, logAtMean: number): number {
  const term = termOf(k, mean, logAtMean);
  if (mean < k) return term * fallingSum((i) => mean / (k + 1 + i));
  return 1 - term * (k / mean) * fallingSum((i) => (k - 1 - i) / mean);
}

/**
 * One-sided exact upper bound of the mean of a Poisson count of which k were seen, confidence 1 − α (Garwood 1936;
 * verdict.md §4): the mean at which P(X ≤ k) = α. In the unit of the count: divide by the exposure for a rate.
 * Infinity where nothing is known: α ≤ 0, a count that is no number or above 1e9.
 */
export function poissonUpper(k: number, alpha: number): number {
  if (!(k <= LARGEST_COUNT) || !(alpha > 0)) return Number.POSITIVE_INFINITY;
  if (alpha >= 1) return 0;
  const count = Math.max(0, Math.ceil(k));
  if (count === 0) return -Math.log(alpha);
  const logAtMean = logTermAtItsMean(count);
  let high = count + 1;
  while (tailAtMost(count, high, logAtMean) > alpha) high *= 2;
  return rootOf(Number.MIN_VALUE, high, (mean) => tailAtMost(count, mean, logAtMean) > alpha);
}

/** One-sided exact lower bound: the mean at which P(X ≥ k) = α. 0 without an event, or where nothing is known. */
export function poissonLower(k: number, alpha: number): number {
  if (!(k >= 1) || !(k <= LARGEST_COUNT) || !(alpha > 0)) return 0;
  if (alpha >= 1) return Number.POSITIVE_INFINITY;
  const count = Math.floor(k);
  if (count === 1) return -Math.log1p(-alpha);
  const logAtMean = logTermAtItsMean(count);
  let high = count + 1;
  while (tailAtLeast(count, high, logAtMean) < alpha) high *= 2;
  return rootOf(Number.MIN_VALUE, high, (mean) => tailAtLeast(count, mean, logAtMean) < alpha);
}
