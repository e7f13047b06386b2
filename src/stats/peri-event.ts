import { binomialLower, binomialUpper } from './binomial.js';
import type { EachValue } from './each-value.js';

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

/** For each type of event, how many of the times lie in each bin around its events; times in any order, NaN in none. */
function countsAround(
  times: EachValue,
  types: readonly (readonly number[])[],
  bins: readonly Edges[],
  axis: PeriEventAxis,
): readonly Float64Array[] {
  const counted = types.map(() => new Float64Array(bins.length));
  const around = types.flatMap((events, type) =>
    events.map((event) => ({
      from: Float64Array.from(bins, (bin) => event + bin.from),
      to: Float64Array.from(bins, (bin) => event + bin.to),
      counts: counted[type]!,
    })),
  );
  const first = around.reduce((least, { from }) => Math.min(least, from[0]!), Number.POSITIVE_INFINITY);
  const last = around.reduce((most, { to }) => Math.max(most, to[to.length - 1]!), Number.NEGATIVE_INFINITY);
  times((time) => {
    if (!(time >= first && time < last)) return;
    for (let event = 0; event < around.length; event++) {
      const { from, to, counts } = around[event]!;
      if (!(time >= from[0]! && time < to[to.length - 1]!)) continue;
      // The quotient is rounded: the edges decide.
      let bin = Math.min(bins.length - 1, Math.max(0, Math.floor((time - from[0]!) / axis.binMs)));
      while (bin > 0 && time < from[bin]!) bin--;
      while (bin < bins.length - 1 && time >= to[bin]!) bin++;
      if (time >= from[bin]! && time < to[bin]!) counts[bin]! += 1;
    }
  });
  return counted;
}

type Edges = Pick<PeriEventBin, 'from' | 'to'>;

/**
 * Peri-event time histograms (verdict.md §5), one for each type of event: failure rate before and after the events of that
 * type, with exact bounds per bin. `failures` are the send times of those of `sends` that failed. Each event sees its whole surroundings, so a
 * request near two events counts for both; bounds are per bin, without correction for their number. For the eye: the
 * verdict does not rest on it. Nothing for an axis without bins. Linear, in any order.
 */
export function periEventHistograms(
  sends: EachValue,
  failures: EachValue,
  types: readonly (readonly number[])[],
  axis: PeriEventAxis,
): PeriEventBin[][] {
  const bins = Math.ceil((axis.to - axis.from) / axis.binMs - WHOLE_GUARD);
  if (!(axis.binMs > 0) || !(bins >= 1) || !Number.isFinite(bins)) return types.map(() => []);
  const edges = Array.from({ length: bins }, (_, index) => {
    const from = axis.from + index * axis.binMs;
    return { from, to: Math.min(axis.to, from + axis.binMs) };
  });
  const sent = countsAround(sends, types, edges, axis);
  const failed = countsAround(failures, types, edges, axis);
  return types.map((_, type) =>
    edges.map(({ from, to }, index) => {
      const [n, k] = [sent[type]![index]!, failed[type]![index]!];
      const rate = n > 0 ? Math.min(1, k / n) : null;
      const [lower, upper] = [binomialLower(k, n, axis.alpha), binomialUpper(k, n, axis.alpha)];
      return { from, to, failures: k, sends: n, rate, lower, upper };
    }),
  );
}
