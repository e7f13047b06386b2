import type { Instant, Span } from '../domain/time.js';

const LAG_MS = 3000;
const SHIFTS = 360;

/** How the outages lie to the events. */
export interface Alignment {
  /** Outages that start within the lag after an event. */
  readonly hits: number;
  /** Share of the shifts with at least as many; never 0. */
  readonly p: number;
}

/**
 * Chance that as many outages start within `lagMs` after an event as do, were the events anywhere else: circular shift
 * of all events together by g·T/G, which keeps both series' structure (verdict.md §5). Never 0, for the unshifted
 * series counts too (Phipson & Smyth 2010). 1 without outages or events. O(G · outages · events).
 */
export function circularShift(
  starts: readonly Instant[],
  events: readonly Instant[],
  window: Span,
  lagMs: number,
  shifts: number,
): Alignment {
  const length = window.to - window.from;
  if (!(length > 0) || starts.length === 0 || events.length === 0 || !(shifts >= 1)) return { hits: 0, p: 1 };
  const hits = (shift: number): number =>
    starts.filter((start) => events.some((event) => isAfter(start, event + shift, length, lagMs))).length;
  const observed = hits(0);
  let asMany = 0;
  for (let g = 0; g < shifts; g++) if (hits((g * length) / shifts) >= observed) asMany++;
  return { hits: observed, p: asMany / shifts };
}

/** The same with the lag and the number of shifts of the report, as a p-value only. */
export function alignmentP(starts: readonly Instant[], events: readonly Instant[], window: Span): number {
  return circularShift(starts, events, window, LAG_MS, SHIFTS).p;
}

/** Time runs in a circle here: an event shifted over the end begins again at the start of the window. */
function isAfter(start: Instant, event: Instant, length: number, lagMs: number): boolean {
  const since = (((start - event) % length) + length) % length;
  return since <= lagMs;
}
