import { selectInPlace } from './selection.js';

/** Index of the nearest-rank quantile among `length` ascending values; −1 when there are none. */
export function rankOf(length: number, q: number): number {
  return Math.max(0, Math.ceil(Math.min(1, Math.max(0, q)) * length - 1e-9) - 1);
}

/**
 * Nearest-rank quantile of ascending values: a value that really occurred, never an interpolation between two.
 * Null when there are none.
 */
export function quantileOfSorted(sorted: Float64Array, q: number): number | null {
  return sorted[rankOf(sorted.length, q)] ?? null;
}

/**
 * The same of values in any order, at the cost of a selection for each: the array is reordered, nothing is copied.
 * No NaN. Cheapest when `qs` ascend.
 */
export function quantilesInPlace(values: Float64Array, qs: readonly number[]): (number | null)[] {
  let settled = -1;
  return qs.map((q) => {
    const rank = rankOf(values.length, q);
    // What stands before a rank once settled is no greater, so a later one is looked for behind it.
    selectInPlace(values, rank, rank > settled ? settled + 1 : 0);
    settled = rank;
    return values[rank] ?? null;
  });
}

/** Several quantiles; NaN values do not count. The array given is left as it is. Linear. */
export function quantiles(values: Float64Array, qs: readonly number[]): (number | null)[] {
  return quantilesInPlace(copyWithoutNaN(values), qs);
}

/** One quantile; null without values. */
export function quantile(values: Float64Array, q: number): number | null {
  return quantiles(values, [q])[0] ?? null;
}

function copyWithoutNaN(values: Float64Array): Float64Array {
  const copy = new Float64Array(values.length);
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!Number.isNaN(value)) copy[count++] = value;
  }
  return copy.subarray(0, count);
}
