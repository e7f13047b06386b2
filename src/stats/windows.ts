import { ascendingOrder } from './ascending.js';

/** What stands at a time: nothing that counts, an arrival that ended well, or one that did not. */
export const MARK = { none: 0, good: 1, bad: 2 } as const;

/** Ends of windows are compared with this slack, so that a window as long as [from, to] fits into it. */
const FIT_GUARD = 1e-9;

/**
 * Minimum windowed availability (Hauer et al., NSDI '20; verdict.md §4), for each length: the lowest good/all over all windows
 * [t, t + windowMs) within [from, to] that begin at `from` or at an arrival. Null when no such window holds an arrival. Linear,
 * nothing is copied where the times ascend; a window without arrivals says nothing and is passed over.
 * @param marks one of MARK for each time.
 */
export function minWindowRatios(
  times: Float64Array,
  marks: Uint8Array,
  windowsMs: readonly number[],
  from: number,
  to: number,
): (number | null)[] {
  const order = ascendingOrder(times);
  const sorted = order === null ? times : Float64Array.from(order, (i) => times[i]!);
  const inOrder = order === null ? marks : Uint8Array.from(order, (i) => marks[i]!);
  // Where all are good, the first window that holds any says all there is to say.
  const worst = inOrder.includes(MARK.bad) ? 0 : 1;
  return windowsMs.map((windowMs) => lowestRatio(sorted, inOrder, worst, { windowMs, from, to }));
}

interface Windows {
  readonly windowMs: number;
  readonly from: number;
  readonly to: number;
}

function lowestRatio(
  times: Float64Array,
  marks: Uint8Array,
  worst: number,
  { windowMs, from, to }: Windows,
): number | null {
  const lastStart = to - windowMs + FIT_GUARD * Math.max(1, Math.abs(to));
  let lowest = Number.POSITIVE_INFINITY;
  let begin = 0;
  while (begin < times.length && times[begin]! < from) begin++;
  let end = begin;
  let [all, good] = [0, 0];
  for (let start = from; start <= lastStart && lowest !== worst; start = times[begin] ?? Number.POSITIVE_INFINITY) {
    for (end = Math.max(end, begin); end < times.length && times[end]! < start + windowMs; end++) {
      if (marks[end] === MARK.none) continue;
      all++;
      if (marks[end] === MARK.good) good++;
    }
    if (all > 0) lowest = Math.min(lowest, good / all);
    // Arrivals at the same instant open the same window: the first of them has it whole.
    for (; begin < times.length && (times[begin]! <= start || marks[begin] === MARK.none); begin++) {
      if (marks[begin] === MARK.none || begin >= end) continue;
      all--;
      if (marks[begin] === MARK.good) good--;
    }
  }
  return lowest === Number.POSITIVE_INFINITY ? null : lowest;
}
