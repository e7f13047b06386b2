import type { Instant } from '../domain/time.js';
import { ascending } from '../stats/ascending.js';
import { mStar } from '../stats/detection.js';
import { ELSEWHERE, type RoutedRequests } from './detach-lag.js';

export interface AttachLagInput extends RoutedRequests {
  /** Index of the target that was attached. */
  readonly target: number;
  readonly attachRequestedAt: Instant;
  readonly attachRespondedAt: Instant;
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

function firstServedRow(input: AttachLagInput): number {
  let first = -1;
  for (let i = 0; i < input.sentAt.length; i++) {
    const sentAt = input.sentAt[i]!;
    if (input.servedBy[i] !== input.target || !(sentAt >= input.attachRequestedAt)) continue;
    if (first < 0 || sentAt < input.sentAt[first]!) first = i;
  }
  return first;
}

/** When requests were sent from the attach request on, before `until`, ascending. */
function sendsBefore(input: AttachLagInput, until: Instant): Float64Array {
  const { sentAt, servedBy, attachRequestedAt: since } = input;
  const isBefore = (i: number): boolean => servedBy[i] !== ELSEWHERE && sentAt[i]! >= since && sentAt[i]! < until;
  let count = 0;
  for (let i = 0; i < sentAt.length; i++) if (isBefore(i)) count++;
  const times = new Float64Array(count);
  for (let i = sentAt.length - 1; count > 0; i--) if (isBefore(i)) times[--count] = sentAt[i]!;
  return ascending(times);
}

/**
 * Bounds of the attach lag (verdict.md §6): at most until the first request served; at least until the m-th send
 * before that, for so many would not all have missed it by chance. With fewer sends, from the attach request.
 */
export function attachLag(input: AttachLagInput): AttachLag {
  const m = mStar(1 / Math.max(1, input.targets), input.alpha);
  const first = firstServedRow(input);
  if (first < 0) return { firstRouted: null, firstServed: null, lagLo: null, lagHi: null, mStar: m };
  const firstRouted = input.sentAt[first]!;
  const firstServed = input.endedAt[first]!;
  const before = sendsBefore(input, firstRouted);
  return {
    firstRouted,
    firstServed,
    lagLo: (before[before.length - m] ?? input.attachRequestedAt) - input.attachRespondedAt,
    lagHi: firstServed - input.attachRespondedAt,
    mStar: m,
  };
}
