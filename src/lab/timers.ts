/** Time as an argument: the real one lives in system.ts, tests pass a fake. */
export interface Timers {
  /** Monotonic milliseconds from any origin. */
  now(): number;
  /** Calls `run` once, never synchronously, after `ms`; the result cancels it. */
  after(ms: number, run: () => void): () => void;
}

/** Resolves after `ms`; at once for 0 or less. */
export function pause(timers: Timers, ms: number): Promise<void> {
  if (ms <= 0) return Promise.resolve();
  return new Promise((resolve) => {
    timers.after(ms, resolve);
  });
}

/** `work`, or a rejection with `message` when it takes longer than `ms`. */
export async function within<T>(timers: Timers, ms: number, work: Promise<T>, message: string): Promise<T> {
  let cancel = (): void => {};
  const late = new Promise<never>((_, reject) => {
    cancel = timers.after(ms, () => reject(new Error(message)));
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    cancel();
  }
}
