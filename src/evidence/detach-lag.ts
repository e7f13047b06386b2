import type { Instant } from '../domain/time.js';
import { ascending } from '../stats/ascending.js';
import { mStar } from '../stats/detection.js';

/** Who answered a request, for the lags: a target's index, or one of these. */
export const NOBODY = -1;
/** Sent, but it says nothing on this target's rotation: another target's failure, or a success without a stamp. */
export const SILENT = -2;
/** A row that takes no part: inadmissible, never sent, or in the warm-up. */
export const ELSEWHERE = -3;

/** Admissible sent requests (all others are ELSEWHERE), in any order, as the lags see them. */
export interface RoutedRequests {
  readonly sentAt: ArrayLike<number>;
  readonly endedAt: ArrayLike<number>;
  /** Index of the target that answered; NOBODY for a failure that names none; SILENT; ELSEWHERE. */
  readonly servedBy: ArrayLike<number>;
}

export interface DetachLagInput extends RoutedRequests {
  /** Index of the target that was detached. */
  readonly target: number;
  readonly detachRespondedAt: Instant;
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

interface LastSeen {
  readonly routed: Instant;
  readonly maybe: Instant;
  readonly ended: Instant;
}

function lastSeen(input: DetachLagInput): LastSeen {
  let routed = Number.NEGATIVE_INFINITY;
  let unnamed = Number.NEGATIVE_INFINITY;
  let ended = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < input.sentAt.length; i++) {
    const sentAt = input.sentAt[i]!;
    if (!(sentAt < input.attachRequestedAt)) continue;
    if (input.servedBy[i] === input.target) {
      routed = Math.max(routed, sentAt);
      ended = Math.max(ended, input.endedAt[i]!);
    } else if (input.servedBy[i] === NOBODY && sentAt > input.detachRespondedAt) {
      unnamed = Math.max(unnamed, sentAt);
    }
  }
  return { routed, maybe: Math.max(routed, unnamed), ended };
}

/** When others answered after `since` and before the attach, ascending. */
function silentAfter(input: DetachLagInput, since: Instant): Float64Array {
  const { sentAt, servedBy, target, attachRequestedAt: until } = input;
  const isSilent = (i: number): boolean => {
    const by = servedBy[i]!;
    return by >= 0 && by !== target && sentAt[i]! > since && sentAt[i]! < until;
  };
  let count = 0;
  for (let i = 0; i < sentAt.length; i++) if (isSilent(i)) count++;
  const times = new Float64Array(count);
  for (let i = sentAt.length - 1; count > 0; i--) if (isSilent(i)) times[--count] = sentAt[i]!;
  return ascending(times);
}

/** Bounds of the detach lag and of the sleep it called for, from who answered what. */
export function detachLag(input: DetachLagInput): DetachLag {
  const m = mStar(1 / Math.max(1, input.targets), input.alpha);
  const last = lastSeen(input);
  const silent = silentAfter(input, last.maybe);
  const leftBy = silent[m - 1] ?? input.attachRequestedAt;
  const since = (at: Instant): number => at - input.detachRespondedAt;
  const known = Number.isFinite(leftBy);
  const served = last.routed > Number.NEGATIVE_INFINITY;
  return {
    lastRouted: served ? last.routed : null,
    lagLo: Math.max(0, since(last.routed)),
    lagHi: known ? Math.max(0, since(leftBy)) : null,
    drainEnd: served ? last.ended : null,
    drainNeed: served ? since(last.ended) : null,
    drainNeedHi: known ? since(Math.max(last.ended, leftBy)) : null,
    silentSends: silent.length,
    pStillIn: (1 - 1 / Math.max(1, input.targets)) ** silent.length,
    proven: silent.length >= m,
    mStar: m,
  };
}
