/** Requests of lane `reuse` that were sent, those that found their connection still open, and those that got no whole answer. */
export interface KeptAlive {
  readonly sent: number;
  readonly reused: number;
  readonly failed: number;
}

/** Below this share of those that could have, connections end between two requests: no fault of a kept one lasts that long. */
const REUSED_MIN = 0.9;
/** Below this share of all, the lane was fresh connections by another name. */
const OF_ALL_MIN = 0.25;

/**
 * Why nothing is proven about kept-alive connections, or null. k6 and JMeter go round their VUs or threads, and each has a
 * connection of its own to each address it is given: with `places` of them one is used every places / rate seconds. A
 * peer that closes idle connections sooner hardly ever meets a kept-alive request, and no fault of such connections is met either.
 */
export function keptAliveProblem(
  { sent, reused, failed }: KeptAlive,
  places: number,
  ratePerSecond: number,
): string | null {
  // The first request of each place opens its connection, and so does the one after a failure.
  const answered = sent - 2 * failed;
  if (reused >= REUSED_MIN * (answered - places) && reused >= OF_ALL_MIN * answered) return null;
  const everyS = Math.round((places / ratePerSecond) * 10) / 10;
  return `lane reuse proves nothing about kept-alive connections: ${reused} of ${sent} requests found theirs open, for each is used every ${everyS} s only (traffic.maxInFlight makes that shorter, lanes.reuse: 0 leaves them out)`;
}
