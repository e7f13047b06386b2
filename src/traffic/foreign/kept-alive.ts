/** Requests of lane `reuse` that were sent, and those that found their connection still open. */
export interface KeptAlive {
  readonly sent: number;
  readonly reused: number;
}

/** Below this share of those that could have, the lane was fresh connections by another name. */
const REUSED_MIN = 0.5;

/**
 * Why nothing is proven about kept-alive connections, or null. k6 and JMeter go round their VUs or threads, and each has
 * a connection of its own: with `places` of them one is used every places / rate seconds. A peer that closes idle
 * connections sooner never meets a kept-alive request, and no fault of such connections is met either.
 */
export function keptAliveProblem({ sent, reused }: KeptAlive, places: number, ratePerSecond: number): string | null {
  const couldBe = sent - places;
  if (couldBe < places || reused >= REUSED_MIN * couldBe) return null;
  const everyS = Math.round((places / ratePerSecond) * 10) / 10;
  return `lane reuse proves nothing about kept-alive connections: ${reused} of ${sent} requests found theirs open, for each is used every ${everyS} s only (traffic.maxInFlight makes that shorter, lanes.reuse: 0 leaves them out)`;
}
