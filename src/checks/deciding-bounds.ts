import type { Evidence } from '../domain/evidence.js';
import type { Counts } from '../domain/result.js';
import type { Policy } from '../domain/scenario.js';
import { binomialLower, binomialUpper } from '../stats/binomial.js';
import { excessP } from '../stats/excess.js';

/**
 * Exact one-sided p-value of "the deploy failed no more often than the baseline" (verdict.md §5).
 * Without a baseline 0: nothing is excused.
 */
export function deployExcessP({ counts, comparison }: Evidence): number {
  const { judged, failed, baseline, baselineFailed } = comparison ?? counts;
  if (!(baseline > 0)) return 0;
  return excessP(failed, judged, baselineFailed, baseline);
}

/** U(k+u, n, α): the failure probability that cannot be ruled out when every unknown had failed. */
export function failureUpper(counts: Counts, alpha: number): number {
  if (!(counts.judged > 0)) return 1;
  return binomialUpper(Math.min(counts.failed + counts.unknown, counts.judged), counts.judged, alpha);
}

/** L(k, n−u, α): the failure probability that is certain at least when every unknown had been a success. */
export function failureLower(counts: Counts, alpha: number): number {
  const known = counts.judged - counts.unknown;
  return known > 0 ? binomialLower(Math.min(counts.failed, known), known, alpha) : 0;
}

/** Upper bound of the excess over the baseline: U(k+u,n,α/2) − L(k₀,n₀,α/2). */
export function excessUpper(counts: Counts, alpha: number): number {
  const before = counts.baseline > 0 ? binomialLower(counts.baselineFailed, counts.baseline, alpha / 2) : 0;
  return failureUpper(counts, alpha / 2) - before;
}

/** The strict policy's one exception: no worse than before, and no failure whose cause is the deploy. */
export function explainedByBaseline(evidence: Evidence, policy: Policy): boolean {
  const { counts, mechanism } = evidence;
  return counts.baselineFailed > 0 && mechanism === 0 && deployExcessP(evidence) > policy.excessAlpha;
}
