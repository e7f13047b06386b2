/** Milliseconds since the run's origin on the monotonic clock, fractions kept. */
export type Instant = number;

/** Half-open stretch of time `[from, to)` in ms, so that phases tile a run without overlap. */
export interface Span {
  readonly from: Instant;
  readonly to: Instant;
}

/** Time as an argument: the real clock lives in run/, the fake one in the tests. */
export interface Clock {
  /** Monotonic ms since the run's origin. */
  now(): Instant;
  wallTime(): Date;
  /** Resolves after `ms`, or at once (without rejecting) when `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** A duration as people write it: `850 ms`, `5 s`, `1.5 s`, `2 min 5 s`, `1 h 10 min`. */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms)) return 'unknown';
  if (ms < 0) return `-${formatDuration(-ms)}`;
  if (ms < 1000) return `${trim(ms, ms < 10 ? 1 : 0)} ms`;
  if (Math.round(ms / 100) < 600) return `${trim(ms / 1000, 1)} s`;
  const seconds = Math.round(ms / 1000);
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  if (h > 0) return m === 0 ? `${h} h` : `${h} h ${m} min`;
  return s === 0 ? `${m} min` : `${m} min ${s} s`;
}

function trim(value: number, digits: number): string {
  return String(Number(value.toFixed(digits)));
}
