import type { Lane } from '../../domain/sample.js';

/** Requests of lane `reuse` that were sent, those that found their connection still open, and those that got no whole answer. */
export interface KeptAlive {
  readonly sent: number;
  readonly reused: number;
  readonly failed: number;
}

/** What is known of the connections behind them. */
export interface Places {
  /** How many the engine keeps at most: each is opened once. */
  readonly places: number;
  /** Given where the engine uses them in turn: one is used every places / rate seconds. */
  readonly ratePerSecond?: number;
  /** Share of fresh connections that the engine's clock shows to be fresh, null = not known; absent = all. See `KeptAliveCount.shown`. */
  readonly shown?: number | null;
}

/** Below this share of those that could have, connections end between two requests: no fault of a kept one lasts that long. */
const REUSED_MIN = 0.9;
/** Below this share of all, the lane was fresh connections by another name. */
const OF_ALL_MIN = 0.25;
/** With fewer fresh connections that show, their share says too little. */
const SHOWN_MIN = 20;
const LEFT_OUT = 'lanes.reuse: 0 leaves them out';

/**
 * Why nothing is proven about kept-alive connections, or null. A peer that closes idle connections sooner than they are used
 * again hardly ever meets a kept-alive request, and no fault of such connections is met either. A clock of whole ms does not see
 * every connection being opened: what it sees is scaled up by what it sees of connections that are all fresh.
 */
export function keptAliveProblem(
  { sent, reused, failed }: KeptAlive,
  { places, ratePerSecond, shown = 1 }: Places,
): string | null {
  // The first request of each place opens its connection, and so does the one after a failure.
  const answered = sent - 2 * failed;
  if (answered <= 0) return null;
  if (shown === null)
    return `lane reuse proves nothing about kept-alive connections: too few connections of lane new were seen being opened to tell which of them are fresh (${LEFT_OUT})`;
  const kept = sent - failed - (sent - failed - reused) / shown;
  if (kept >= REUSED_MIN * (answered - places) && kept >= OF_ALL_MIN * answered) return null;
  const few = `lane reuse proves nothing about kept-alive connections: ${Math.max(0, Math.round(kept))} of ${sent} requests found theirs open`;
  if (ratePerSecond === undefined) return `${few} (${LEFT_OUT})`;
  const everyS = Math.round((places / ratePerSecond) * 10) / 10;
  return `${few}, for each is used every ${everyS} s only (traffic.maxInFlight makes that shorter, ${LEFT_OUT})`;
}

/** One sent request, as far as its connection goes. */
export interface Use {
  readonly lane: Lane;
  /** It found its connection open, by what the engine says. */
  readonly isReused: boolean;
  /** No whole answer was read. */
  readonly isFailed: boolean;
  /** Connecting took time on the engine's clock. */
  readonly isSeenConnecting: boolean;
}

/** Counts uses of connections. */
export class KeptAliveCount implements KeptAlive {
  sent = 0;
  reused = 0;
  failed = 0;
  #fresh = 0;
  #seen = 0;

  add({ lane, isReused, isFailed, isSeenConnecting }: Use): void {
    if (lane === 'new' && !isFailed) {
      this.#fresh++;
      if (isSeenConnecting) this.#seen++;
    }
    if (lane !== 'reuse') return;
    this.sent++;
    if (isReused) this.reused++;
    if (isFailed) this.failed++;
  }

  /** Of the answers on connections of lane new, all fresh, the share that was seen connecting; null = too few to say. */
  get shown(): number | null {
    return this.#seen < SHOWN_MIN ? null : this.#seen / this.#fresh;
  }
}
