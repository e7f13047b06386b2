import { binomialTailAtLeast } from './binomial.js';

/**
 * Exact conditional test (Przyborowski & Wilenski) that k1 of n1 requests failed at no higher rate than k0 of n0 in
 * the baseline: P(Bin(k1 + k0, n1/(n1 + n0)) ≥ k1). Without a baseline there is nothing to excuse failures with,
 * so p := 0 (verdict.md §7); no failures are never an excess, so p = 1.
 */
export function excessP(k1: number, n1: number, k0: number, n0: number): number {
  if (!(k1 > 0)) return 1;
  if (!(n0 > 0)) return 0;
  if (!(n1 > 0)) return 0;
  return binomialTailAtLeast(k1, k1 + k0, n1 / (n1 + n0));
}

/** Holm's step-down adjustment of several p-values, in the order given; controls the chance of any false alarm. */
export function holm(ps: readonly number[]): number[] {
  const order = ps.map((_, index) => index).sort((a, b) => (ps[a] ?? 1) - (ps[b] ?? 1));
  const adjusted = new Array<number>(ps.length).fill(1);
  let running = 0;
  for (const [rank, index] of order.entries()) {
    running = Math.max(running, Math.min(1, (ps.length - rank) * (ps[index] ?? 1)));
    adjusted[index] = running;
  }
  return adjusted;
}
