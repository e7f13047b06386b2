import type { Instant } from '../domain/time.js';
import { GapSweep } from '../stats/spacing.js';

/** Gaps of up to so many mean gaps belong to the arrival process; what is longer went unobserved. */
const USUAL_GAPS = 5;

/**
 * Time within [from, to] during which nothing was asked: Σ max(0, gap − 5/λ) over the admissible sends of all lanes
 * together (verdict.md §3.3, §4), ms. The whole span without traffic.
 */
export function unobservedSweep(from: Instant, to: Instant, ratePerSecond: number): GapSweep {
  return new GapSweep(from, to, ratePerSecond > 0 ? (USUAL_GAPS * 1000) / ratePerSecond : 0);
}
