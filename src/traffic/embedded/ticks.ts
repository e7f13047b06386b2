import type { Instant } from '../../domain/time.js';
import type { Schedule } from './schedule.js';

/** Ticks come no closer together: at 10,000/s one serves two or three arrivals. */
const STEP_MS = 0.25;

/**
 * When a thread in precise mode is to be woken: at each arrival, but never sooner than a quarter of a ms after the wake-up
 * before. Pure; the waiting is ticker-worker's.
 *
 *     due   |  ||    |          |        |
 *     tick  ^  . ^   ^          ^        ^      the second pair is within 0.25 ms of the first: one tick for both
 */
export class Ticks {
  readonly #schedule: Schedule;
  #last = Number.NEGATIVE_INFINITY;

  constructor(schedule: Schedule) {
    this.#schedule = schedule;
  }

  /** The next tick, for a thread that was woken for everything due until `woken`. */
  after(woken: Instant): Instant {
    while (this.#schedule.nextDue <= woken) this.#schedule.take();
    this.#last = Math.max(this.#schedule.nextDue, this.#last + STEP_MS, woken);
    return this.#last;
  }
}
