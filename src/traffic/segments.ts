/**
 * One plan split over several threads, processes or machines: pure arithmetic, no engine in it.
 *
 *     plan       k = 0 1 2 3 4 5 6 7 8 …      each number keeps its time, lane and X-Rollproof-Seq
 *     1/3        0     3     6                segment i of n owns the numbers k ≡ i − 1 (mod n)
 *     2/3          1     4     7              so that every segment fires at an even λ/n
 *     3/3            2     5     8
 *
 * For whoever merges segments: `parseSegment('2/3')` and `segmentText` are the notation; `planNumber` and `ownNumber`
 * translate between a segment's own counting and the plan's; `segmentSource` names its sample stream (`k6-2`);
 * `executionSegment` is the same split in k6's words (flags of `k6 run`), and `evenVus` the number of VUs without which
 * k6 stripes unevenly. `traffic-started` events carry `segment`, from which evidence/record-loss.ts sees that a segment, or
 * a number of the union, is missing.
 */
import type { Segment } from '../domain/event.js';

/** The whole plan in one piece. */
export const WHOLE: Segment = { index: 1, count: 1 };

/** More segments than this are a slip of the pen. */
export const MAX_SEGMENTS = 64;

/** All segments of a plan split `count` ways, the first first. Throws RangeError unless 1 ≤ count ≤ MAX_SEGMENTS. */
export function segmentsOf(count: number): readonly Segment[] {
  if (!Number.isInteger(count) || count < 1 || count > MAX_SEGMENTS)
    throw new RangeError(`a plan is split into 1 to ${MAX_SEGMENTS} segments, not ${count}`);
  return Array.from({ length: count }, (_, i) => ({ index: i + 1, count }));
}

/** `i/n` with 1 ≤ i ≤ n ≤ MAX_SEGMENTS; null for anything else. */
export function parseSegment(text: string): Segment | null {
  const [, index, count] = /^([1-9]\d?)\/([1-9]\d?)$/.exec(text) ?? [];
  if (Number(count) > MAX_SEGMENTS || !(Number(index) <= Number(count))) return null;
  return { index: Number(index), count: Number(count) };
}

export function segmentText({ index, count }: Segment): string {
  return `${index}/${count}`;
}

/** The plan's number of the segment's `own`-th arrival; both count from 0. */
export function planNumber({ index, count }: Segment, own: number): number {
  return own * count + index - 1;
}

/** Which of the segment's arrivals the plan's number `k` is; null when another segment owns it. */
export function ownNumber({ index, count }: Segment, k: number): number | null {
  return k % count === index - 1 ? Math.floor(k / count) : null;
}

/** Its share of what may be in flight: a whole number of places, together never fewer than `cap`. */
export function segmentCap(segment: Segment, cap: number): number {
  return Math.ceil(cap / segment.count);
}

/** Name of its sample stream: `embedded-2`; the engine's own name when the plan is whole. */
export function segmentSource(engine: string, { index, count }: Segment): string {
  return count === 1 ? engine : `${engine}-${index}`;
}

/** The segment as `k6 run` wants it; the sequence says how the others look, else k6 stripes without knowing of them. */
export function executionSegment({ index, count }: Segment): { readonly segment: string; readonly sequence: string } {
  const border = (i: number) => (i === 0 ? '0' : i === count ? '1' : `${i}/${count}`);
  return {
    segment: `${border(index - 1)}:${border(index)}`,
    sequence: Array.from({ length: count + 1 }, (_, i) => border(i)).join(','),
  };
}

/**
 * VUs of a whole lane such that k6 gives every segment the same share: k6 stripes the *arrivals* by what each segment
 * gets of `maxVUs` (lib/executor: GetNewExecutionTupleFromValue), so 5 VUs in three segments fire 2 : 2 : 1.
 */
export function evenVus(vus: number, count: number): number {
  return Math.ceil(vus / count) * count;
}
