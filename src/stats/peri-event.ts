import { ascending, lowerBound } from './ascending.js';
import { binomialLower, binomialUpper } from './binomial.js';

/** What is laid around each event, ms relative to it. */
export interface PeriEventAxis {
  readonly from: number;
  readonly to: number;
  readonly binMs: number;
  /** One-sided error of each of the two bounds of a bin. */
  readonly alpha: number;
}

/** Half-open `[from, to)` in ms after the event, all events laid over each other. */
export interface PeriEventBin {
  readonly from: number;
  readonly to: number;
  readonly failures: number;
  readonly sends: number;
  /** Null where nothing was sent; the bounds are 0 and 1 there. */
  readonly rate: number | null;
  readonly lower: number;
  readonly upper: number;
}

/** Rounding allowed before the axis gets one more, empty, bin. */
const WHOLE_GUARD = 1e-9;

function countBetween(sorted: Float64Array, from: number, to: number): number {
  return lowerBound(sorted, to) - lowerBound(sorted, from);
}

/**
 * Peri-event time histogram (verdict.md §5): failure rate before and after the events of one type, with exact bounds
 * per bin. `failures` are the send times of those of `sends` that failed. Each event sees its whole surroundings, so a
 * request near two events counts for both; bounds are per bin, without correction for their number. For the eye: the
 * verdict does not rest on it. Nothing for an axis without bins.
 */
export function periEventHistogram(
  sends: Float64Array,
  failures: Float64Array,
  events: readonly number[],
  axis: PeriEventAxis,
): PeriEventBin[] {
  const bins = Math.ceil((axis.to - axis.from) / axis.binMs - WHOLE_GUARD);
  if (!(axis.binMs > 0) || !(bins >= 1) || !Number.isFinite(bins)) return [];
  const [sent, failed] = [ascending(sends), ascending(failures)];
  return Array.from({ length: bins }, (_, index) => {
    const from = axis.from + index * axis.binMs;
    const to = Math.min(axis.to, from + axis.binMs);
    let [n, k] = [0, 0];
    for (const event of events) {
      n += countBetween(sent, event + from, event + to);
      k += countBetween(failed, event + from, event + to);
    }
    const rate = n > 0 ? Math.min(1, k / n) : null;
    const [lower, upper] = [binomialLower(k, n, axis.alpha), binomialUpper(k, n, axis.alpha)];
    return { from, to, failures: k, sends: n, rate, lower, upper };
  });
}
