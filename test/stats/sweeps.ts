import type { EachValue } from '../../src/stats/each-value.js';
import { type PeriEventAxis, type PeriEventBin, periEventHistograms } from '../../src/stats/peri-event.js';
import { GapSweep, SpanSweep } from '../../src/stats/spacing.js';
import { MARK, minWindowRatios } from '../../src/stats/windows.js';

/** The values of a list, one by one. */
export function eachOf(values: Iterable<number>): EachValue {
  const list = [...values];
  return (take) => {
    for (const value of list) take(value);
  };
}

const inOrder = (times: readonly number[]): readonly number[] => [...times].sort((a, b) => a - b);

/** Of one type of event. */
export function periEventHistogram(
  sends: readonly number[],
  failures: readonly number[],
  events: readonly number[],
  axis: PeriEventAxis,
): PeriEventBin[] {
  return periEventHistograms(eachOf(sends), eachOf(failures), [events], axis)[0]!;
}

/** D(m) of sends in any order. */
export function largestSpan(sends: readonly number[], from: number, to: number, m: number): number {
  const sweep = new SpanSweep(from, to, m);
  for (const at of inOrder(sends)) sweep.add(at);
  return sweep.end();
}

/** What gaps between sends in any order exceed an allowance by. */
export function excessGaps(sends: readonly number[], from: number, to: number, allowanceMs: number): number {
  const sweep = new GapSweep(from, to, allowanceMs);
  for (const at of inOrder(sends)) sweep.add(at);
  return sweep.end();
}

/** The lowest availability of one length of window; `good` is 1 or 0 for each arrival. */
export function minWindowRatio(
  arrivals: readonly number[],
  good: readonly number[],
  windowMs: number,
  from: number,
  to: number,
): number | null {
  const marks = Uint8Array.from(good, (each) => (each === 0 ? MARK.bad : MARK.good));
  return minWindowRatios(Float64Array.from(arrivals), marks, [windowMs], from, to)[0] ?? null;
}
