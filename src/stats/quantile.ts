import { ascending } from './ascending.js';

/**
 * Nearest-rank quantile of ascending values: a value that really occurred, never an interpolation between two.
 * Null when there are none.
 */
export function quantileOfSorted(sorted: Float64Array, q: number): number | null {
  if (sorted.length === 0) return null;
  const rank = Math.ceil(Math.min(1, Math.max(0, q)) * sorted.length - 1e-9);
  return sorted[Math.max(0, rank - 1)] ?? null;
}

/** Several quantiles at the cost of one sort; NaN values do not count. The array given is left as it is. */
export function quantiles(values: Float64Array, qs: readonly number[]): (number | null)[] {
  const sorted = ascending(values);
  return qs.map((q) => quantileOfSorted(sorted, q));
}

/** One quantile; null without values. */
export function quantile(values: Float64Array, q: number): number | null {
  return quantileOfSorted(ascending(values), q);
}
