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
  return lowestRatios(
    windowsMs.map((windowMs) => new WindowSweep(sorted, inOrder, from, windowMs, to, worst)),
    sorted,
    inOrder,
    from,
  );
}

function lowestRatios(
  sweeps: readonly WindowSweep[],
  times: Float64Array,
  marks: Uint8Array,
  from: number,
): (number | null)[] {
  let begin = 0;
  while (begin < times.length && times[begin]! < from) begin++;
  let [all, good] = [0, 0];
  const open = [...sweeps];
  for (let start = from; ; start = times[begin]!) {
    for (let i = open.length - 1; i >= 0; i--) if (!open[i]!.open(start, all, good)) open.splice(i, 1);
    if (open.length === 0) break;
    // Arrivals at the same instant open the same window: the first of them has it whole.
    for (; begin < times.length && (times[begin]! <= start || marks[begin] === MARK.none); begin++) {
      all += (marks[begin]! + 1) >> 1;
      good += marks[begin]! & 1;
    }
    if (begin >= times.length) break;
  }
  return sweeps.map(({ lowest }) => (lowest === Number.POSITIVE_INFINITY ? null : lowest));
}

/** Windows of one length, each beginning after the one before. */
class WindowSweep {
  lowest = Number.POSITIVE_INFINITY;
  private readonly lastStart: number;
  private end = 0;
  private all = 0;
  private good = 0;

  constructor(
    private readonly times: Float64Array,
    private readonly marks: Uint8Array,
    from: number,
    private readonly windowMs: number,
    to: number,
    private readonly worst: number,
  ) {
    this.lastStart = to - windowMs + FIT_GUARD * Math.max(1, Math.abs(to));
    while (this.end < times.length && times[this.end]! < from) this.end++;
  }

  /** Looks at the window that begins here, after so many arrivals and good ones; false = none that follows can matter. */
  open(start: number, allBefore: number, goodBefore: number): boolean {
    if (!(start <= this.lastStart) || this.lowest === this.worst) return false;
    const until = start + this.windowMs;
    let { end, all, good } = this;
    for (; end < this.times.length && this.times[end]! < until; end++) {
      const mark = this.marks[end]!;
      // Without a branch, for lanes alternate at random: 0, 1 and 2 count 0, 1 and 1, of which 0, 1 and 0 are good.
      all += (mark + 1) >> 1;
      good += mark & 1;
    }
    [this.end, this.all, this.good] = [end, all, good];
    if (all > allBefore) this.lowest = Math.min(this.lowest, (good - goodBefore) / (all - allBefore));
    return true;
  }
}
