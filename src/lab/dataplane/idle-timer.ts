import type { NodeClock, NodeTimer } from './node-clock.js';

/**
 * Fires when nothing has happened for `limitMs`, and again every `limitMs` until cancelled. Activity only stores a
 * number: the timer is re-armed when it fires, so the steady path of a connection touches no timer.
 */
export class IdleTimer {
  /** Clock reading of the last activity. */
  activeMs: number;
  readonly #clock: NodeClock;
  readonly #limitMs: number;
  readonly #sinceMs: () => number;
  readonly #expired: () => void;
  #timer: NodeTimer | null = null;

  /** `sinceMs` says from when to count, usually `activeMs`. */
  constructor(clock: NodeClock, limitMs: number, sinceMs: () => number, expired: () => void) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#sinceMs = sinceMs;
    this.#expired = expired;
    this.activeMs = clock.now();
    this.#arm(limitMs);
  }

  touch(): void {
    this.activeMs = this.#clock.now();
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  #arm(delayMs: number): void {
    this.#timer = this.#clock.after(delayMs, () => this.#fire());
  }

  #fire(): void {
    const leftMs = this.#sinceMs() + this.#limitMs - this.#clock.now();
    this.#arm(leftMs > 0 ? leftMs : this.#limitMs);
    if (leftMs <= 0) this.#expired();
  }
}
