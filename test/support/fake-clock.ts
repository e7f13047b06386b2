import type { Clock } from '../../src/domain/time.js';

/** A clock that only moves when somebody sleeps: a 5-minute rollout takes no time at all. */
export function fakeClock(onTick: (now: number) => void = () => undefined): Clock & { set(now: number): void } {
  let now = 0;
  return {
    now: () => now,
    wallTime: () => new Date(Date.UTC(2026, 0, 1) + now),
    async sleep(ms, signal) {
      if (signal?.aborted === true) return;
      now += ms;
      onTick(now);
      await Promise.resolve();
    },
    set(value) {
      now = value;
    },
  };
}
