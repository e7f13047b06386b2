import type { Column } from '../domain/column.js';
import { SAMPLE_CLASSES } from '../domain/outage.js';
import type { Instant } from '../domain/time.js';
import { ascendingOrder } from '../stats/ascending.js';
import { mStar } from '../stats/detection.js';
import { rowsBySending } from './sending-order.js';
import { witnessInterval } from './witness.js';

/** Columns of one table and what the windows depend on; times in ms, NaN = it never came to that. */
export interface OutageWindowsInput {
  readonly sentAt: Column;
  readonly endedAt: Column;
  readonly failed: Uint8Array;
  readonly admissible: Uint8Array;
  /** Index into SAMPLE_CLASSES. */
  readonly class: Uint8Array;
  /** N, how many targets share the traffic. */
  readonly targets: number;
  /** How long before its end a fault that ends a request may have struck. */
  readonly deltaMs: number;
  /** Arrivals per second of all lanes together. */
  readonly ratePerSecond: number;
  /** The judged window; rows not in flight in it do not count. */
  readonly from: Instant;
  readonly to: Instant;
}

/** A group of failures that one fault may explain (verdict.md §3.3). Bounds are of the fault's true start and end. */
export interface OutageWindow {
  readonly failures: number;
  readonly kind: 'single' | 'partial' | 'full';
  /** Failures among the requests sent from the first to the last of them. */
  readonly share: number;
  readonly fHat: number;
  readonly mStar: number;
  readonly startLo: Instant;
  readonly startHi: Instant;
  readonly endLo: Instant;
  /** Of requests cut long after they were sent this may lie before `endLo`. */
  readonly endHi: Instant;
  readonly durationLoMs: number;
  readonly durationHiMs: number;
  readonly durationEstimateMs: number;
  readonly openStart: boolean;
  readonly openEnd: boolean;
  /** Rows of its failures, by start of their witness intervals. */
  readonly members: Uint32Array;
}

const FULL_FROM = 0.95;
/** One-sided each: start and end together keep 95 %. */
const END_ALPHA = 0.025;
/** Gaps between failures of one fault: e^−7 of them are longer, in a fault that hits one target of N. */
const JOIN_MEAN_GAPS = 7;
const JOIN_MIN_MS = 200;
const JOIN_MAX_MS = 2000;

/** The failures that count, by start of their witness intervals [from, to]. */
interface Failures {
  readonly count: number;
  readonly row: Uint32Array;
  readonly sentAt: Float64Array;
  readonly from: Float64Array;
  readonly to: Float64Array;
}

/** Requests by the time they were sent, among them the successes that count. */
interface Sends {
  readonly rows: Uint32Array;
  readonly isSuccess: (row: number) => boolean;
}

function isJudged(input: OutageWindowsInput, row: number): boolean {
  if (input.admissible[row] !== 1) return false;
  const sentAt = input.sentAt.at(row);
  const endedAt = input.endedAt.at(row);
  return sentAt <= input.to && (Number.isNaN(endedAt) ? sentAt : endedAt) >= input.from;
}

function permuted(values: Float64Array, order: Uint32Array | null): Float64Array {
  if (order === null) return values;
  const result = new Float64Array(order.length);
  for (let i = 0; i < order.length; i++) result[i] = values[order[i]!]!;
  return result;
}

function failuresIn(input: OutageWindowsInput): number {
  let count = 0;
  for (let row = 0; row < input.sentAt.length; row++) {
    if (input.failed[row] === 1 && isJudged(input, row)) count++;
  }
  return count;
}

function failuresOf(input: OutageWindowsInput): Failures {
  const count = failuresIn(input);
  const rows = new Uint32Array(count);
  const from = new Float64Array(count);
  const to = new Float64Array(count);
  let next = 0;
  for (let row = 0; row < input.sentAt.length && next < count; row++) {
    if (input.failed[row] !== 1 || !isJudged(input, row)) continue;
    const cls = SAMPLE_CLASSES[input.class[row]!] ?? 'other';
    const witness = witnessInterval(cls, input.sentAt.at(row), input.endedAt.at(row), input.deltaMs);
    rows[next] = row;
    from[next] = witness.from;
    to[next++] = witness.to;
  }
  const order = ascendingOrder(from);
  const row = order === null ? rows : rows.map((_, index) => rows[order[index]!]!);
  const sentAt = Float64Array.from(row, (at) => input.sentAt.at(at));
  return { count, row, sentAt, from: permuted(from, order), to: permuted(to, order) };
}

function sendsOf(input: OutageWindowsInput): Sends {
  return { rows: rowsBySending(input.sentAt), isSuccess: (row) => input.failed[row] !== 1 && isJudged(input, row) };
}

/** The first place in the order of sending that was sent no sooner than `at`; with `after`, later than that. */
function placeOf({ rows }: Sends, sentAt: Column, at: Instant, after: boolean): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const time = sentAt.at(rows[middle]!);
    if (after ? time <= at : time < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The m-th success from a place on (`step` 1) or before it (−1); −1 when there are not so many. Places are few: m is. */
function nthSuccess(sends: Sends, place: number, m: number, step: 1 | -1): number {
  let left = m;
  for (let i = step === 1 ? place : place - 1; i >= 0 && i < sends.rows.length; i += step) {
    const row = sends.rows[i]!;
    if (sends.isSuccess(row) && --left <= 0) return row;
  }
  return -1;
}

function successesBetween(sends: Sends, first: number, last: number): number {
  let count = 0;
  for (let i = first; i < last; i++) if (sends.isSuccess(sends.rows[i]!)) count++;
  return count;
}

/** Index ranges of the failures, cut wherever none was possible for longer than `joinMs`. */
function groupsOf(failures: Failures, joinMs: number): { begin: number; end: number }[] {
  const groups: { begin: number; end: number }[] = [];
  let begin = 0;
  let latest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < failures.count; i++) {
    if (failures.from[i]! - latest > joinMs) {
      groups.push({ begin, end: i });
      begin = i;
    }
    latest = begin === i ? failures.to[i]! : Math.max(latest, failures.to[i]!);
  }
  if (failures.count > 0) groups.push({ begin, end: failures.count });
  return groups;
}

interface Extremes {
  readonly first: Instant;
  readonly last: Instant;
  readonly startHi: Instant;
  readonly endLo: Instant;
}

/** First and last sent time, least witness end and greatest witness start of a group. */
function extremesOf(failures: Failures, begin: number, end: number): Extremes {
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  let startHi = Number.POSITIVE_INFINITY;
  for (let i = begin; i < end; i++) {
    first = Math.min(first, failures.sentAt[i]!);
    last = Math.max(last, failures.sentAt[i]!);
    startHi = Math.min(startHi, failures.to[i]!);
  }
  return { first, last, startHi, endLo: failures.from[end - 1]! };
}

function windowOf(
  failures: Failures,
  begin: number,
  end: number,
  sends: Sends,
  input: OutageWindowsInput,
): OutageWindow {
  const { sentAt, endedAt } = input;
  const k = end - begin;
  const { first, last, startHi, endLo } = extremesOf(failures, begin, end);
  const before = placeOf(sends, sentAt, first, false);
  const after = placeOf(sends, sentAt, last, true);
  const between = successesBetween(sends, before, after);
  const fHat = k === 1 ? 1 / Math.max(1, input.targets) : (k - 1) / (k + between - 1);
  const m = mStar(fHat, END_ALPHA);
  const rowBefore = nthSuccess(sends, before, m, -1);
  const rowAfter = nthSuccess(sends, after, m, 1);
  const next = nthSuccess(sends, after, 1, 1);
  const [openStart, openEnd] = [rowBefore < 0, rowAfter < 0];
  const startLo = openStart ? input.from : sentAt.at(rowBefore);
  const endHi = openEnd ? input.to : endedAt.at(rowAfter);
  return {
    failures: k,
    kind: k === 1 ? 'single' : fHat >= FULL_FROM ? 'full' : 'partial',
    share: k / (k + between),
    fHat,
    mStar: m,
    startLo,
    startHi,
    endLo,
    endHi,
    durationLoMs: Math.max(0, endLo - startHi),
    durationHiMs: endHi - startLo,
    durationEstimateMs: (next < 0 ? input.to : sentAt.at(next)) - first,
    openStart,
    openEnd,
    members: failures.row.slice(begin, end),
  };
}

/**
 * Groups the admissible failures of the judged window into outages, in time order (verdict.md §3.3). Every such
 * failure is in exactly one of them. n log n in the failures, linear in the requests.
 */
export function outageWindows(input: OutageWindowsInput): OutageWindow[] {
  const failures = failuresOf(input);
  if (failures.count === 0) return [];
  const meanGapsMs = (JOIN_MEAN_GAPS * input.targets * 1000) / input.ratePerSecond;
  const joinMs = Math.min(JOIN_MAX_MS, Math.max(JOIN_MIN_MS, Number.isNaN(meanGapsMs) ? JOIN_MAX_MS : meanGapsMs));
  const sends = sendsOf(input);
  return groupsOf(failures, joinMs).map(({ begin, end }) => windowOf(failures, begin, end, sends, input));
}
