/** ln(n!) − Stirling's approximation of it, for whole n from 0 to 15 (0 is not used by the formula). */
const STIRLING_ERROR_SMALL: readonly number[] = Array.from({ length: 16 }, (_, n) => {
  let logFactorial = 0;
  for (let i = 2; i <= n; i++) logFactorial += Math.log(i);
  return n === 0 ? 0 : logFactorial - (0.5 * Math.log(2 * Math.PI * n) + n * Math.log(n) - n);
});

function stirlingError(n: number): number {
  if (n <= 15) return STIRLING_ERROR_SMALL[n] ?? 0;
  const n2 = n * n;
  return (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - 1 / 1188 / n2) / n2) / n2) / n2) / n;
}

/** x·ln(x/mean) + mean − x, without cancellation where x is near the mean. */
function deviance(x: number, mean: number): number {
  const difference = x - mean;
  if (Math.abs(difference) >= 0.1 * (x + mean)) return x * Math.log(x / mean) - difference;
  const v = difference / (x + mean);
  let sum = difference * v;
  let term = 2 * x * v;
  for (let j = 1; j < 1000; j++) {
    term *= v * v;
    const next = sum + term / (2 * j + 1);
    if (next === sum) break;
    sum = next;
  }
  return sum;
}

/**
 * ln P(X = k) for X ~ Binomial(n, p), whole 0 < k < n, 0 < p < 1. Loader's saddle-point form (2000, "Fast and
 * Accurate Computation of Binomial Probabilities"): the cost does not grow with k, and nothing large is subtracted
 * from something large, as the plain sum of logarithms would do at n = 1e9.
 */
export function logBinomialTerm(k: number, n: number, p: number): number {
  const rest = n - k;
  const exponent =
    stirlingError(n) - stirlingError(k) - stirlingError(rest) - deviance(k, n * p) - deviance(rest, n * (1 - p));
  return exponent + 0.5 * Math.log(n / (2 * Math.PI * k * rest));
}
