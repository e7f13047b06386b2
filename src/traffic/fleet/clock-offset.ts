/** How far another clock is ahead of one's own: somewhere in [lo, hi], ms. */
export interface OffsetBounds {
  readonly lo: number;
  readonly hi: number;
}

/** What a `Date` may lag behind, ms: servers write the second from a timer of theirs. */
const STALE_MS = 10;

/**
 * Bounds of the offset of a server's clock, from answers that say its time in whole seconds. An answer that says S left
 * the server in [S, S + 1 s) on its clock, after it was asked and before its first byte was here on ours:
 *
 *     ours:    asked ──────────── first byte         S − first byte ≤ server − ours < S + 1 s − asked
 *     server:       [S ────── S + 1 s)
 *
 * One answer leaves a second of doubt, many at different moments leave little more than the round trip. Bounds that do
 * not fit together (lo > hi) show a clock that moved meanwhile.
 */
export class ClockBounds {
  readonly #bounds = new Map<string, { lo: number; hi: number; answers: number }>();

  /** `server` tells apart clocks; times in ms of one's own wall clock, `askedAt` rounded down, `firstByteAt` up. */
  add(server: string, dateS: number, askedAt: number, firstByteAt: number): void {
    const [lo, hi] = [dateS * 1000 - firstByteAt, dateS * 1000 + 1000 + STALE_MS - askedAt];
    if (!Number.isFinite(lo) || !Number.isFinite(hi)) return;
    const known = this.#bounds.get(server);
    if (known === undefined) this.#bounds.set(server, { lo, hi, answers: 1 });
    else {
      known.lo = Math.max(known.lo, lo);
      known.hi = Math.min(known.hi, hi);
      known.answers++;
    }
  }

  get servers(): ReadonlyMap<string, OffsetBounds> {
    return this.#bounds;
  }
}

export interface ClockOffset {
  /** What has to be added to times of the other clock to have them on ours, ms. */
  readonly offsetMs: number;
  /** By how much that may be wrong, ms. */
  readonly errorMs: number;
}

/**
 * Our clock against another's, both compared with the same servers: ours − theirs = (server − theirs) − (server − ours).
 * Every server that both met narrows it down. Null when there is none. Where the bounds contradict each other, what they
 * contradict each other by is part of the error.
 */
export function offsetBetween(theirs: ClockBounds, ours: ClockBounds): ClockOffset | null {
  let [lo, hi] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (const [server, their] of theirs.servers) {
    const our = ours.servers.get(server);
    if (our === undefined) continue;
    const doubt = Math.max(0, their.lo - their.hi) + Math.max(0, our.lo - our.hi);
    const ends = [their.lo - our.hi, their.hi - our.lo];
    lo = Math.max(lo, Math.min(...ends) - doubt);
    hi = Math.min(hi, Math.max(...ends) + doubt);
  }
  if (!Number.isFinite(lo) || !Number.isFinite(hi)) return null;
  return { offsetMs: (lo + hi) / 2, errorMs: lo <= hi ? (hi - lo) / 2 : lo - hi };
}
