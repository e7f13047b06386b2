import type { Instant } from '../../domain/time.js';

/** Reads both clocks of this machine. */
export interface TwoClocks {
  /** Monotonic ms since the run's origin. */
  readonly now: () => Instant;
  /** Wall clock, ms since the epoch, with or without fractions. */
  readonly wallMs: () => number;
}

const READINGS = 200_000;
/** Ticks that are tried for a reading this tight. */
const TICKS = 8;
const GOOD_MS = 0.05;
/** A wall clock that moves further than this against the monotonic one was set, not slewed. */
const STEP_MS = 20;

/**
 * Turns another program's wall-clock stamps into instants of the run. The wall clock is slewed and stepped by NTP, so
 * the mapping is read again while the run goes on; a step is remembered, for then no stamp around it can be trusted.
 *
 * A wall clock of whole ms reads up to 1 ms early: the mapping is read at the moment it ticks.
 */
export class WallClock {
  readonly #clocks: TwoClocks;
  #offset: number;
  #stepMs = 0;

  constructor(clocks: TwoClocks) {
    this.#clocks = clocks;
    this.#offset = this.#read();
  }

  toInstant(wallMs: number): Instant {
    return wallMs - this.#offset;
  }

  toWall(at: Instant): number {
    return at + this.#offset;
  }

  /** Reads the mapping again; cheap (1 ms, up to 8 on a busy machine), meant for once a second. */
  refresh(): void {
    const offset = this.#read();
    const moved = Math.abs(offset - this.#offset);
    if (moved > STEP_MS) this.#stepMs = Math.max(this.#stepMs, moved);
    this.#offset = offset;
  }

  /** The largest jump of the wall clock seen between two readings, ms; 0 = none. */
  get stepMs(): number {
    return this.#stepMs;
  }

  /**
   * The mapping at a tick, bracketed by two readings of the monotonic clock: on a busy machine the process may be put
   * aside in between, so the tightest of a few ticks counts.
   */
  #read(): number {
    let best = { offset: 0, error: Number.POSITIVE_INFINITY };
    for (let tick = 0; tick < TICKS && best.error > GOOD_MS; tick++) {
      const reading = this.#tick();
      if (reading.error < best.error) best = reading;
    }
    return best.offset;
  }

  #tick(): { readonly offset: number; readonly error: number } {
    const { now, wallMs } = this.#clocks;
    const first = wallMs();
    let before = now();
    let wall = wallMs();
    for (let i = 0; i < READINGS && wall === first; i++) {
      before = now();
      wall = wallMs();
    }
    const after = now();
    return { offset: wall - (before + after) / 2, error: after - before };
  }
}
