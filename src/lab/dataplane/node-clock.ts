import { performance } from 'node:perf_hooks';

/** A running timer; cancelling a fired or cancelled one does nothing. */
export interface NodeTimer {
  cancel(): void;
}

/** Time as the data plane sees it; tests pass their own. `now` is monotonic, in ms. */
export interface NodeClock {
  now(): number;
  /** For the Date line of an ALB's own replies only. */
  wallTime(): Date;
  after(delayMs: number, fire: () => void): NodeTimer;
}

/** The real clock: the only file of the data plane that reads one. Timers never keep the process alive. */
export const systemClock: NodeClock = {
  now: () => performance.now(),
  wallTime: () => new Date(),
  after(delayMs, fire) {
    const timer = setTimeout(fire, Math.max(1, Math.ceil(delayMs)));
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};
