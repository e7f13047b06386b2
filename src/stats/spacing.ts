import { ascending, lowerBound, upperBound } from './ascending.js';

/**
 * D(m) of verdict.md §3.1: the longest stretch of [from, to] over m consecutive gaps between sends, the two ends
 * counting as sends. Any interval in it *longer* than D(m) holds at least m sends, with no probability involved.
 * Times outside [from, to] and NaN do not count; fewer than m gaps prove nothing, so the answer is to − from.
 */
export function largestSpan(times: Float64Array, from: number, to: number, m: number): number {
  const whole = Math.max(0, to - from);
  const sorted = ascending(times);
  const first = lowerBound(sorted, from);
  const count = upperBound(sorted, to) - first;
  if (!(m <= count + 1)) return whole;
  if (!(m >= 1)) return 0;
  const at = (i: number): number => (i === 0 ? from : i > count ? to : sorted[first + i - 1]!);
  let longest = 0;
  for (let i = 0; i + m <= count + 1; i++) longest = Math.max(longest, at(i + m) - at(i));
  return longest;
}

/**
 * Time in [from, to] that nobody watched: over all gaps between sends, what exceeds `allowanceMs`
 * (the two ends count as sends).
 */
export function excessGaps(times: Float64Array, from: number, to: number, allowanceMs: number): number {
  const sorted = ascending(times);
  const end = upperBound(sorted, to);
  let last = from;
  let total = 0;
  for (let i = lowerBound(sorted, from); i < end; i++) {
    total += Math.max(0, sorted[i]! - last - allowanceMs);
    last = sorted[i]!;
  }
  return total + Math.max(0, to - last - allowanceMs);
}
