import type { Instant } from '../domain/time.js';
import { mStar } from '../stats/detection.js';
import { Least } from '../stats/extremes.js';
import { ELSEWHERE, EVERY_NODE, type NodeGroups, ONE_GROUP, type RoutedRequests, rowsOf } from './detach-lag.js';

export interface AttachLagInput extends RoutedRequests {
  /** Index of the target that was attached. */
  readonly target: number;
  readonly attachRequestedAt: Instant;
  readonly attachRespondedAt: Instant;
  /** Where the attach is only known to lie between the two: bounds from above count from the first to what came after the second. */
  readonly observed?: boolean;
  /** N, how many targets share the traffic. */
  readonly targets: number;
  readonly alpha: number;
}

/** How long a target took to serve again, from the attach's acknowledgement, ms; null when it never did. */
export interface AttachLag {
  /** Sent time of the first request it served. */
  readonly firstRouted: Instant | null;
  readonly firstServed: Instant | null;
  /** May be negative by the length of the attach call: rotation can begin before the balancer acknowledges. */
  readonly lagLo: number | null;
  readonly lagHi: number | null;
  readonly mStar: number;
}

/** Of one group of requests: the first that the target served again, and the last ones sent before it. */
interface Group {
  /** Index of the request; −1 = it served none. */
  first: number;
  /** The same of those sent when the attach had happened for sure. */
  sure: number;
  isUsed: boolean;
}

/** The first request served by the target in each group; the last group is that of all requests. */
function firstServed(input: AttachLagInput, { count, groupOf }: NodeGroups): Group[] {
  const { sentAt, servedBy, target, attachRequestedAt: since } = input;
  const sureFrom = input.observed === true ? input.attachRespondedAt : since;
  const groups: Group[] = Array.from({ length: count + 1 }, () => ({ first: -1, sure: -1, isUsed: false }));
  const note = (group: Group, i: number): void => {
    group.isUsed = true;
    if (servedBy[i] !== target) return;
    if (group.first < 0 || sentAt.at(i) < sentAt.at(group.first)) group.first = i;
    if (sentAt.at(i) >= sureFrom && (group.sure < 0 || sentAt.at(i) < sentAt.at(group.sure))) group.sure = i;
  };
  const { first, last } = rowsOf(input);
  for (let i = first; i < last; i++) {
    if (!(sentAt.at(i) >= since) || servedBy[i] === ELSEWHERE) continue;
    const group = groupOf(i);
    if (group === EVERY_NODE) for (const each of groups) note(each, i);
    else {
      note(groups[group]!, i);
      note(groups[count]!, i);
    }
  }
  return groups;
}

/** When the last requests of each group were sent from the attach request on, before its first served one; as −t. */
function lastBefore(input: AttachLagInput, groups: readonly Group[], nodes: NodeGroups, sizes: readonly number[]) {
  const { sentAt, servedBy, attachRequestedAt: since } = input;
  const rows = rowsOf(input);
  const before = sizes.map((m) => new Least(Math.min(m, rows.last - rows.first + 1)));
  const until = Float64Array.from(groups, ({ first }) => (first < 0 ? Number.NEGATIVE_INFINITY : sentAt.at(first)));
  const all = groups.length - 1;
  // Backwards: the latest come first, which is the order they are kept in.
  for (let i = rows.last - 1; i >= rows.first; i--) {
    const at = sentAt.at(i);
    if (!(at >= since) || servedBy[i] === ELSEWHERE) continue;
    if (at < until[all]!) before[all]!.add(-at);
    const group = nodes.groupOf(i);
    if (group === EVERY_NODE) for (let each = 0; each < all; each++) if (at < until[each]!) before[each]!.add(-at);
    if (group !== EVERY_NODE && at < until[group]!) before[group]!.add(-at);
  }
  return before;
}

/** Attach lags of all requests together and of each group that was used by itself. */
export interface AttachLags {
  readonly whole: AttachLag;
  readonly nodes: readonly AttachLag[];
}

/**
 * Bounds of the attach lag (verdict.md §6): at most until the first request served; at least until the m-th send
 * before that, for so many would not all have missed it by chance. With fewer sends, from the attach request. The
 * groups share alpha, for the latest of their lower bounds is what counts. Linear, without copies.
 */
export function attachLags(input: AttachLagInput, nodes: NodeGroups): AttachLags {
  const groups = firstServed(input, nodes);
  const used = groups.slice(0, -1).filter(({ isUsed }) => isUsed).length;
  const share = 1 / Math.max(1, input.targets);
  const whole = mStar(share, input.alpha);
  const each = used === 0 ? whole : mStar(share, input.alpha / used);
  const sizes = groups.map((_, i) => (i < nodes.count ? each : whole));
  const before = lastBefore(input, groups, nodes, sizes);
  const lags = groups.map((group, i) => lagOf(input, group, before[i]!, sizes[i]!));
  return { whole: lags.at(-1)!, nodes: lags.filter((_, i) => i < nodes.count && groups[i]!.isUsed) };
}

/** The same without nodes told apart. */
export function attachLag(input: AttachLagInput): AttachLag {
  return attachLags(input, ONE_GROUP).whole;
}

function lagOf(input: AttachLagInput, { first, sure }: Group, before: Least, m: number): AttachLag {
  if (first < 0) return { firstRouted: null, firstServed: null, lagLo: null, lagHi: null, mStar: m };
  const firstServedAt = input.endedAt.at(first);
  // What it served before the attach had happened for sure may still have been routed to it from before its detach.
  const latest = sure < 0 ? null : input.endedAt.at(sure);
  const from = input.observed === true ? input.attachRequestedAt : input.attachRespondedAt;
  const lowest = before.last === null ? input.attachRequestedAt : -before.last;
  return {
    firstRouted: input.sentAt.at(first),
    firstServed: firstServedAt,
    lagLo: lowest - input.attachRespondedAt,
    lagHi: latest === null ? null : latest - from,
    mStar: m,
  };
}
