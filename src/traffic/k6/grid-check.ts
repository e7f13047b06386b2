import type { Span } from '../../domain/time.js';

/** Only the last stretch is looked at: what went missing before is missing there too. */
const LAST_MS = 1500;

/** Rows after which those of long ago are forgotten; more than a lane begins in the last stretch. */
const TRIM_ROWS = 65_536;

/** Ticks that lie further apart than the grid by more show that the process did not run. */
const STALL_MS = 50;

/**
 * Counts the slots of a constant-arrival-rate lane that left neither a row nor a drop. k6 fires number n not before
 * start + n × period and catches up when it was late, so in any stretch some number is nearly on its grid; if even the
 * best of the last stretch lies whole periods behind, that many slots are missing. One is tolerated: k6 starts N or
 * N + 1 arrivals (grafana/k6 issue 3052).
 */
export class GridCheck {
  readonly #periodMs: number;
  #begun: { readonly at: number; readonly behind: number }[] = [];
  readonly #drops: number[] = [];
  #newest = Number.NEGATIVE_INFINITY;
  /** Times of arrivals, sent or dropped, that were not looked at for stalls yet. */
  #ticks: number[] = [];
  #lastTick: number | null = null;

  constructor(ratePerSecond: number) {
    this.#periodMs = 1000 / ratePerSecond;
  }

  /** An iteration began at `at`; `startMs` is the start of its grid. */
  begun(at: number, startMs: number, number: number): void {
    if (at > this.#newest) this.#newest = at;
    this.#ticks.push(at);
    this.#begun.push({ at, behind: (at - startMs) / this.#periodMs - number });
    if (this.#begun.length < TRIM_ROWS) return;
    const kept = this.#begun.filter((row) => row.at >= this.#newest - LAST_MS);
    this.#begun = kept;
  }

  dropped(at: number, count: number): void {
    this.#ticks.push(at);
    for (let i = 0; i < count; i++) this.#drops.push(at);
  }

  /**
   * Stretches before `until` (wall ms; all rows of before must be here) without a tick. k6 does not skip what it missed
   * but fires it late and at once, so its own numbers show no hole.
   */
  takeStalls(until: number): readonly Span[] {
    const ticks = Float64Array.from(this.#ticks.filter((at) => at < until)).sort();
    this.#ticks = this.#ticks.filter((at) => at >= until);
    const stalls: Span[] = [];
    for (const at of ticks) {
      const due = (this.#lastTick ?? at) + this.#periodMs;
      if (at > due + STALL_MS) stalls.push({ from: due, to: at });
      this.#lastTick = at;
    }
    return stalls;
  }

  /** Slots that are neither begun nor dropped. */
  get missing(): number {
    const drops = Float64Array.from(this.#drops).sort();
    let best = Number.POSITIVE_INFINITY;
    for (const { at, behind } of this.#begun) {
      if (at < this.#newest - LAST_MS) continue;
      best = Math.min(best, behind - countUpTo(drops, at));
    }
    return Number.isFinite(best) ? Math.max(0, Math.floor(best - 1)) : 0;
  }
}

function countUpTo(sorted: Float64Array, at: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}
