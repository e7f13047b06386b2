import { binomialLower, binomialTailAtLeast, zeroFailureN } from './binomial.js';

/** Relative rounding allowed before one more observation is asked for. */
const WHOLE_GUARD = 1e-12;
/** Beyond this whole numbers are no longer told apart. */
const LARGEST_N = Number.MAX_SAFE_INTEGER;

/**
 * Confidence that the r-th largest of n independent observations exceeds the β-quantile of what they were drawn from,
 * whatever its distribution: P(Bin(n, 1 − β) ≥ r), for the largest 1 − β^n (Wilks 1941, Sommerville 1958;
 * verdict.md §8). 0 when there are fewer than r.
 */
export function toleranceConfidence(n: number, r: number, beta: number): number {
  if (!(n >= r) || !(r >= 1) || !(beta < 1)) return 0;
  return binomialTailAtLeast(r, n, 1 - Math.max(0, beta));
}

/** P(Bin(n, 1 − β) < r): the same from the other side, exact where the confidence is near 1. */
function missOf(n: number, r: number, beta: number): number {
  return n < r ? 1 : binomialTailAtLeast(n - r + 1, n, beta);
}

/** The largest β whose quantile the r-th largest of n exceeds with this confidence; 0 when n shows nothing. */
export function toleranceBeta(n: number, confidence: number, r = 1): number {
  if (!(n >= r) || !(r >= 1) || !(confidence > 0) || !(confidence < 1)) return 0;
  return binomialLower(n - r + 1, n, 1 - confidence);
}

/** Fewest observations whose r-th largest exceeds the β-quantile with this confidence; Infinity when none do. */
export function toleranceN(beta: number, confidence: number, r = 1): number {
  if (!(beta < 1) || !(confidence < 1) || !(r >= 1)) return Number.POSITIVE_INFINITY;
  if (!(beta > 0) || !(confidence > 0)) return r;
  if (r === 1) return zeroFailureN(1 - beta, 1 - confidence);
  const allowed = (1 - confidence) * (1 + WHOLE_GUARD);
  let tooFew = r - 1;
  let enough = r;
  while (missOf(enough, r, beta) > allowed) {
    tooFew = enough;
    enough *= 2;
    if (enough > LARGEST_N) return Number.POSITIVE_INFINITY;
  }
  while (enough - tooFew > 1) {
    const middle = Math.floor((tooFew + enough) / 2);
    if (missOf(middle, r, beta) > allowed) tooFew = middle;
    else enough = middle;
  }
  return enough;
}
