import type { Instant, Span } from '../../domain/time.js';

/** A thread that shows no life for longer than this did not run: longer than two heartbeats and a bad garbage pause. */
const STALL_MS = 50;

/**
 * The generator's own pulse. Every wake-up and every socket event marks it; the scheduler sees to it that there is one
 * at least every 20 ms, so a longer silence means that the thread was not running (stopped, starved, blocked), and that
 * whatever timed out or came late meanwhile may be our fault. A stall is dated from the last sign of life, which is at
 * most one heartbeat too early, never too late.
 */
export class Pulse {
  #lastAlive: Instant;
  #maxDelayMs = 0;
  readonly #stalls: Span[] = [];
  #lastStallEnd: Instant = Number.NEGATIVE_INFINITY;

  constructor(now: Instant) {
    this.#lastAlive = now;
  }

  /** The thread runs now. */
  readonly alive = (now: Instant): void => {
    if (now - this.#lastAlive > STALL_MS) {
      this.#stalls.push({ from: this.#lastAlive, to: now });
      this.#lastStallEnd = now;
    }
    this.#lastAlive = now;
  };

  /** End of the latest stall: one later than `t` means that a wait since `t` was not watched all the time. */
  get lastStallEnd(): Instant {
    return this.#lastStallEnd;
  }

  /** A timer set for `planned` fired now: the difference is the event loop's delay. */
  woke(planned: Instant, now: Instant): void {
    this.#maxDelayMs = Math.max(this.#maxDelayMs, now - planned);
    this.alive(now);
  }

  /** Stalls noticed since the last call. */
  takeStalls(): readonly Span[] {
    return this.#stalls.splice(0);
  }

  /** Largest delay since the last call, ms. */
  takeMaxDelayMs(): number {
    const max = this.#maxDelayMs;
    this.#maxDelayMs = 0;
    return max;
  }
}
