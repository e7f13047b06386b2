import { ascendingOrder, lowerBound } from './ascending.js';

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
  const sums = new BlockSums(inOrder);
  return windowsMs.map((windowMs) => lowestRatio(sorted, sums, { from, to, windowMs }));
}

/** Rows that are summed up together: few beside a window, many beside one. */
const BLOCK = 256;

/** How many arrivals, and bad ones, there are before a row: known at the blocks, counted from there. */
class BlockSums {
  readonly all: Uint32Array;
  readonly bad: Uint32Array;

  constructor(readonly marks: Uint8Array) {
    const blocks = Math.ceil(marks.length / BLOCK);
    this.all = new Uint32Array(blocks + 1);
    this.bad = new Uint32Array(blocks + 1);
    for (let block = 0; block < blocks; block++) {
      let [all, bad] = [this.all[block]!, this.bad[block]!];
      const until = Math.min(marks.length, (block + 1) * BLOCK);
      for (let row = block * BLOCK; row < until; row++) {
        // Without a branch, for lanes alternate at random: 0, 1 and 2 count 0, 1 and 1, of which 0, 0 and 1 are bad.
        all += (marks[row]! + 1) >> 1;
        bad += marks[row]! >> 1;
      }
      this.all[block + 1] = all;
      this.bad[block + 1] = bad;
    }
  }

  get hasBad(): boolean {
    return this.bad[this.bad.length - 1]! > 0;
  }

  allBefore(row: number): number {
    const block = Math.floor(row / BLOCK);
    let all = this.all[block]!;
    for (let i = block * BLOCK; i < row; i++) all += (this.marks[i]! + 1) >> 1;
    return all;
  }

  badBefore(row: number): number {
    const block = Math.floor(row / BLOCK);
    let bad = this.bad[block]!;
    for (let i = block * BLOCK; i < row; i++) bad += this.marks[i]! >> 1;
    return bad;
  }
}

interface Windows {
  readonly from: number;
  readonly to: number;
  readonly windowMs: number;
}

/** The worst window so far; fractions are compared without dividing, for there are as many windows as arrivals. */
interface Worst {
  all: number;
  bad: number;
}

/** Of one length. Most blocks hold no window that can be worse than one known already, and are passed over whole. */
function lowestRatio(times: Float64Array, sums: BlockSums, { from, to, windowMs }: Windows): number | null {
  const lastStart = to - windowMs + FIT_GUARD * Math.max(1, Math.abs(to));
  const first = lowerBound(times, from);
  const worst: Worst = { all: 0, bad: -1 };
  if (from <= lastStart) {
    const end = lowerBound(times, from + windowMs);
    const all = sums.allBefore(end) - sums.allBefore(first);
    if (all > 0) Object.assign(worst, { all, bad: sums.badBefore(end) - sums.badBefore(first) });
  }
  for (let begin = first; begin < times.length && times[begin]! <= lastStart; ) {
    // No window is worse than one without a good arrival, nor than any other where all are good.
    if (worst.all > 0 && (worst.bad === worst.all || !sums.hasBad)) break;
    const until = Math.min(times.length, (Math.floor(begin / BLOCK) + 1) * BLOCK);
    const end = lowerBound(times, times[begin]! + windowMs);
    const lastEnd = lowerBound(times, times[until - 1]! + windowMs);
    if (canBeWorse(sums, begin, until, end, lastEnd, worst))
      sweep(times, sums, { first: begin, last: until, end, windowMs, lastStart }, worst);
    begin = until;
  }
  return worst.all === 0 ? null : (worst.all - worst.bad) / worst.all;
}

/** Whether a window that begins in [begin, until) and ends in [end, lastEnd] can be worse: it holds at most so many bad, at least so many in all. */
function canBeWorse(
  { all, bad }: BlockSums,
  begin: number,
  until: number,
  end: number,
  lastEnd: number,
  worst: Worst,
): boolean {
  if (worst.all === 0) return true;
  const most = bad[Math.ceil(lastEnd / BLOCK)]! - bad[Math.floor(begin / BLOCK)]!;
  const least = all[Math.floor(end / BLOCK)]! - all[Math.ceil(until / BLOCK)]!;
  return most * worst.all > worst.bad * Math.max(0, least);
}

/** Rows of one block at which windows begin, the first of which ends before row `end`. */
interface Block {
  readonly first: number;
  readonly last: number;
  readonly end: number;
  readonly windowMs: number;
  readonly lastStart: number;
}

function sweep(times: Float64Array, sums: BlockSums, block: Block, worst: Worst): void {
  const { marks } = sums;
  let end = block.end;
  // What the window of the row at hand holds.
  let all = sums.allBefore(end) - sums.allBefore(block.first);
  let bad = sums.badBefore(end) - sums.badBefore(block.first);
  for (let row = block.first; row < block.last && times[row]! <= block.lastStart; row++) {
    const until = times[row]! + block.windowMs;
    for (; end < times.length && times[end]! < until; end++) {
      all += (marks[end]! + 1) >> 1;
      bad += marks[end]! >> 1;
    }
    if (bad * worst.all > worst.bad * all && all > 0 && opens(times, marks, row)) {
      worst.all = all;
      worst.bad = bad;
    }
    all -= (marks[row]! + 1) >> 1;
    bad -= marks[row]! >> 1;
  }
}

/** Arrivals at the same instant open the same window: the first of them that counts has it whole. */
function opens(times: Float64Array, marks: Uint8Array, row: number): boolean {
  if (marks[row] === MARK.none) return false;
  for (let before = row - 1; before >= 0 && times[before] === times[row]; before--)
    if (marks[before] !== MARK.none) return false;
  return true;
}
