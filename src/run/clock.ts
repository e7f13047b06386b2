import type { Clock } from '../domain/time.js';

/** CLOCK_MONOTONIC in ns: the one time base shared with worker threads and child processes on this host. */
export function monotonicNs(): bigint {
  return process.hrtime.bigint();
}

/** The real clock, its instant 0 at `originNs`. */
export function realClock(originNs: bigint): Clock {
  return {
    now: () => Number(process.hrtime.bigint() - originNs) / 1e6,
    wallTime: () => new Date(),
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted === true || ms <= 0) return resolve();
        const done = () => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', done);
          resolve();
        };
        const timer = setTimeout(done, ms);
        signal?.addEventListener('abort', done, { once: true });
      }),
  };
}
