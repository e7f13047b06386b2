import type { Column } from '../domain/column.js';
import type { Instant } from '../domain/time.js';
import { mStar } from '../stats/detection.js';
import { Least } from '../stats/extremes.js';
import type { RowRange } from './sending-order.js';

/** Who answered a request, for the lags: a target's index, or one of these. */
export const NOBODY = -1;
/** Sent, but it says nothing on this target's rotation: another target's failure, or a success without a stamp. */
export const SILENT = -2;
/** A row that takes no part: inadmissible, never sent, or in the warm-up. */
export const ELSEWHERE = -3;

/** Admissible sent requests (all others are ELSEWHERE), in any order, as the lags see them. */
export interface RoutedRequests {
  readonly sentAt: Column;
  readonly endedAt: Column;
  /** Index of the target that answered; NOBODY for a failure that names none; SILENT; ELSEWHERE. */
  readonly servedBy: ArrayLike<number>;
  /** Only these of them are looked at; absent = all. */
  readonly rows?: RowRange;
}

/** The requests that are looked at. */
export function rowsOf({ rows, sentAt }: RoutedRequests): RowRange {
  return rows ?? { first: 0, last: sentAt.length };
}

export interface DetachLagInput extends RoutedRequests {
  /** Index of the target that was detached. */
  readonly target: number;
  readonly detachRespondedAt: Instant;
  /** The earliest it may have been acknowledged, where that is not exact: upper bounds count from here. Absent = exact. */
  readonly detachedFrom?: Instant;
  /** Infinity when it was never attached again. */
  readonly attachRequestedAt: Instant;
  /** N, how many targets share the traffic. */
  readonly targets: number;
  readonly alpha: number;
}

/** When a target really left rotation (verdict.md §6); ms, lags counted from the detach's acknowledgement. */
export interface DetachLag {
  /** Last request routed to it, by time sent. */
  readonly lastRouted: Instant | null;
  readonly lagLo: number;
  /** Null only when the target was never attached again and too little was seen. */
  readonly lagHi: number | null;
  /** End of the last request it served. */
  readonly drainEnd: Instant | null;
  /** What the sleep had to be at least (null when it served nothing), and at most (null like `lagHi`). */
  readonly drainNeed: number | null;
  readonly drainNeedHi: number | null;
  /** Successes by others since anything may last have been routed to it. */
  readonly silentSends: number;
  /** Chance that it is still in rotation and those sends missed it. */
  readonly pStillIn: number;
  /** Enough silent sends for `alpha`. */
  readonly proven: boolean;
  readonly mStar: number;
}

/** What was last seen of a target by some of the requests. */
class LastSeen {
  routed = Number.NEGATIVE_INFINITY;
  unnamed = Number.NEGATIVE_INFINITY;
  ended = Number.NEGATIVE_INFINITY;
  /** Some were sent while it was out. */
  isUsed = false;

  get maybe(): Instant {
    return Math.max(this.routed, this.unnamed);
  }
}

/** Requests told apart by the balancer node they went through: the index of each one's group, or EVERY_NODE. */
export interface NodeGroups {
  readonly count: number;
  readonly groupOf: (request: number) => number;
}

/** A request that may have gone through any of the nodes. */
export const EVERY_NODE = -1;
/** All requests are one group. */
export const ONE_GROUP: NodeGroups = { count: 0, groupOf: () => EVERY_NODE };

function lastSeen(input: DetachLagInput, { count, groupOf }: NodeGroups): LastSeen[] {
  const { sentAt, endedAt, servedBy, target, attachRequestedAt } = input;
  const outFrom = input.detachedFrom ?? input.detachRespondedAt;
  const seen = Array.from({ length: count + 1 }, () => new LastSeen());
  const note = (of: LastSeen, by: number, i: number): void => {
    const at = sentAt.at(i);
    if (at >= outFrom) of.isUsed = true;
    if (by === target) {
      if (at > of.routed) of.routed = at;
      of.ended = Math.max(of.ended, endedAt.at(i));
    } else if (by === NOBODY && at > outFrom && at > of.unnamed) of.unnamed = at;
  };
  const { first, last } = rowsOf(input);
  for (let i = first; i < last; i++) {
    const by = servedBy[i]!;
    if (by === ELSEWHERE || !(sentAt.at(i) < attachRequestedAt)) continue;
    const group = groupOf(i);
    if (group !== EVERY_NODE) note(seen[group]!, by, i);
    else for (let each = 0; each < count; each++) note(seen[each]!, by, i);
    note(seen[count]!, by, i);
  }
  return seen;
}

/** The first of the answers others gave since anything may last have been routed to the target, before its attach. */
function silentAfter(input: DetachLagInput, seen: readonly LastSeen[], groups: NodeGroups, m: number): Least[] {
  const { sentAt, servedBy, target, attachRequestedAt: until } = input;
  const { first, last } = rowsOf(input);
  const size = Math.min(m, last - first + 1);
  const silent = seen.map(() => new Least(size));
  const since = Float64Array.from(seen, (of) => of.maybe);
  const all = seen.length - 1;
  for (let i = first; i < last; i++) {
    const by = servedBy[i]!;
    const at = sentAt.at(i);
    if (!(by >= 0) || by === target || !(at < until)) continue;
    if (at > since[all]!) silent[all]!.add(at);
    const group = groups.groupOf(i);
    if (group !== EVERY_NODE && at > since[group]!) silent[group]!.add(at);
  }
  return silent;
}

/** Detach lags of all requests together and of each group by itself. */
export interface DetachLags {
  readonly whole: DetachLag;
  readonly nodes: readonly (DetachLag & { readonly isUsed: boolean })[];
}

/** Bounds of the detach lag and of the sleep it called for, from who answered what. Linear, without copies. */
export function detachLags(input: DetachLagInput, groups: NodeGroups): DetachLags {
  const m = mStar(1 / Math.max(1, input.targets), input.alpha);
  const seen = lastSeen(input, groups);
  const silent = silentAfter(input, seen, groups, m);
  const lags = seen.map((last, i) => ({ ...lagOf(input, last, silent[i]!, m), isUsed: last.isUsed }));
  const { isUsed: _all, ...whole } = lags.at(-1)!;
  return { whole, nodes: lags.slice(0, -1) };
}

/** The same without nodes told apart. */
export function detachLag(input: DetachLagInput): DetachLag {
  return detachLags(input, ONE_GROUP).whole;
}

function lagOf(input: DetachLagInput, last: LastSeen, silent: Least, m: number): DetachLag {
  const leftBy = silent.last ?? input.attachRequestedAt;
  const since = (at: Instant): number => at - input.detachRespondedAt;
  const atMost = (at: Instant): number => at - (input.detachedFrom ?? input.detachRespondedAt);
  const known = Number.isFinite(leftBy);
  const served = last.routed > Number.NEGATIVE_INFINITY;
  return {
    lastRouted: served ? last.routed : null,
    lagLo: Math.max(0, since(last.routed)),
    lagHi: known ? Math.max(0, atMost(leftBy)) : null,
    drainEnd: served ? last.ended : null,
    drainNeed: served ? since(last.ended) : null,
    drainNeedHi: known ? atMost(Math.max(last.ended, leftBy)) : null,
    silentSends: silent.count,
    pStillIn: (1 - 1 / Math.max(1, input.targets)) ** silent.count,
    proven: silent.count >= m,
    mStar: m,
  };
}
