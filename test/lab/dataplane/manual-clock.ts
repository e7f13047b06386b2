import type { NodeClock } from '../../../src/lab/dataplane/node-clock.js';

/** A clock that stands still until told; timers fire in the order they are due. */
export class ManualClock implements NodeClock {
  #nowMs = 1_000;
  #timers: { atMs: number; fire: () => void }[] = [];

  now(): number {
    return this.#nowMs;
  }

  wallTime(): Date {
    return new Date(Date.UTC(2026, 0, 1) + this.#nowMs);
  }

  after(delayMs: number, fire: () => void): { cancel: () => void } {
    const timer = { atMs: this.#nowMs + delayMs, fire };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
      },
    };
  }

  /** Moves on; promise callbacks run between two timers. */
  async advance(byMs: number): Promise<void> {
    const end = this.#nowMs + byMs;
    for (;;) {
      const next = this.#timers.filter(({ atMs }) => atMs <= end).sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) break;
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      this.#timers = this.#timers.filter((timer) => timer !== next);
      next.fire();
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#nowMs = end;
  }
}
