/** Moves per element that insertion may take before a general sort is cheaper. */
const NEARLY_SORTED = 16;

function isAscending(times: Float64Array): boolean {
  for (let i = 1; i < times.length; i++) {
    // Also false for NaN.
    if (!(times[i]! >= times[i - 1]!)) return false;
  }
  return times.length === 0 || !Number.isNaN(times[0]);
}

/**
 * Sorts in place by insertion; gives up, with a permutation of what it was, when the input turns out not to be nearly in
 * order. Requests are scheduled in order and sent a little out of it.
 */
function insertionSorted(times: Float64Array): boolean {
  let moves = times.length * NEARLY_SORTED;
  for (let i = 1; i < times.length; i++) {
    const time = times[i]!;
    let at = i;
    while (at > 0 && times[at - 1]! > time) {
      times[at] = times[at - 1]!;
      at--;
    }
    times[at] = time;
    moves -= i - at;
    if (moves < 0) return false;
  }
  return true;
}

/** A copy; by hand, since a callback for each of a million values costs more than sorting them. */
function withoutNaN(times: Float64Array): Float64Array {
  const copy = new Float64Array(times.length);
  let count = 0;
  for (let i = 0; i < times.length; i++) {
    const time = times[i]!;
    if (!Number.isNaN(time)) copy[count++] = time;
  }
  return copy.subarray(0, count);
}

/** The same times without NaN and in ascending order; the array itself when it already is so. */
export function ascending(times: Float64Array): Float64Array {
  if (isAscending(times)) return times;
  const copy = withoutNaN(times);
  return insertionSorted(copy) ? copy : copy.sort();
}

/** The same array, in ascending order. No NaN. */
export function ascendInPlace(times: Float64Array): Float64Array {
  return isAscending(times) || insertionSorted(times) ? times : times.sort();
}

/** Indexes in ascending order of their times (then of themselves), or null when they already are so. No NaN. */
export function ascendingOrder(times: Float64Array): Uint32Array | null {
  if (isAscending(times)) return null;
  const order = new Uint32Array(times.length);
  for (let i = 0; i < order.length; i++) order[i] = i;
  sortByTime(order, (index) => times[index]!);
  return order;
}

/** Sorts indexes in place by their times, then by themselves; they come in ascending order. No NaN among their times. */
export function sortByTime(indexes: Uint32Array, timeOf: (index: number) => number): void {
  let moves = indexes.length * NEARLY_SORTED;
  // The latest so far: most come in order and are compared with it alone.
  let latest = indexes.length === 0 ? 0 : timeOf(indexes[0]!);
  for (let i = 1; i < indexes.length && moves >= 0; i++) {
    const index = indexes[i]!;
    const time = timeOf(index);
    if (time >= latest) {
      latest = time;
      continue;
    }
    let at = i;
    while (at > 0 && timeOf(indexes[at - 1]!) > time) {
      indexes[at] = indexes[at - 1]!;
      at--;
    }
    indexes[at] = index;
    moves -= i - at;
  }
  if (moves < 0) indexes.sort((a, b) => timeOf(a) - timeOf(b) || a - b);
}

/** First index whose value is ≥ `value` (its length when none is) in an ascending array. */
export function lowerBound(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** First index whose value is > `value` in an ascending array. */
export function upperBound(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
