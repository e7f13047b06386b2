import type { Instant, Span } from '../domain/time.js';

const LAG_MS = 3000;
const SHIFTS = 360;

/**
 * Chance that as many outages start within 3 s after an event as do, were the events anywhere else: circular shift
 * of all events together, which keeps both series' structure (verdict.md §5). Never 0, for the unshifted series
 * counts too (Phipson & Smyth 2010). 1 without outages or events.
 */
export function alignmentP(starts: readonly Instant[], events: readonly Instant[], window: Span): number {
  const length = window.to - window.from;
  if (!(length > 0) || starts.length === 0 || events.length === 0) return 1;
  const hits = (shift: number): number =>
    starts.filter((start) => events.some((event) => isAfter(start, event + shift, window))).length;
  const observed = hits(0);
  let asMany = 0;
  for (let g = 0; g < SHIFTS; g++) if (hits((g * length) / SHIFTS) >= observed) asMany++;
  return asMany / SHIFTS;
}

/** Time runs in a circle here: an event shifted over the end begins again at the start of the window. */
function isAfter(start: Instant, event: Instant, window: Span): boolean {
  const length = window.to - window.from;
  const since = (((start - event) % length) + length) % length;
  return since <= LAG_MS;
}
