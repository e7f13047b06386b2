import type { EachValue } from './each-value.js';
import { quantilesInPlace, rankOf } from './quantile.js';

/** So many values are simply kept: a selection among them is cheaper than looking at all twice. */
const KEPT = 1 << 20;
const FIRST_KEPT = 1 << 12;
/** Bins by sign, exponent and the first 7 digits of the fraction: less than a hundredth of the value wide. */
const BIN_BITS = 19;
const WORD_SHIFT = 32 - BIN_BITS;
const SIGN = 0x8000_0000;

const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);
const HIGH = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 1 : 0;

/** Rises with the value. */
function binOf(value: number): number {
  double[0] = value;
  const high = words[HIGH]!;
  return (high >= SIGN ? ~high : high ^ SIGN) >>> WORD_SHIFT;
}

/** Values behind quantiles. */
export interface CountedQuantiles {
  readonly count: number;
  /** As asked for; null without values. */
  readonly quantiles: readonly (number | null)[];
}

/**
 * Nearest-rank quantiles, exactly those of a sort, of values of which many are looked at twice rather than kept: counted in
 * bins, then only the bins with a quantile in them gathered. NaN does not count. Memory: some MB, unless nearly all values are
 * alike.
 */
export function quantilesOf(each: EachValue, qs: readonly number[], kept = KEPT): CountedQuantiles {
  let held = new Float64Array(Math.min(kept, FIRST_KEPT));
  let count = 0;
  let bins = new Uint32Array(0);
  each((value) => {
    if (Number.isNaN(value)) return;
    if (count < kept) {
      if (count === held.length) held = widened(held, Math.min(kept, 2 * count));
      held[count] = value;
    } else {
      if (count === kept) bins = binsOf(held);
      bins[binOf(value)]! += 1;
    }
    count++;
  });
  if (count <= kept) return { count, quantiles: quantilesInPlace(held.subarray(0, count), qs) };
  const places = placesOf(
    bins,
    qs.map((q) => rankOf(count, q)),
  );
  const gathered = gather(
    each,
    bins,
    places.map(({ bin }) => bin),
  );
  const quantiles = places.map(({ bin, rank }) => gathered.get(bin)?.[rank] ?? null);
  return { count, quantiles };
}

function widened(held: Float64Array, length: number): Float64Array<ArrayBuffer> {
  const wider = new Float64Array(length);
  wider.set(held);
  return wider;
}

function binsOf(values: Float64Array): Uint32Array<ArrayBuffer> {
  const bins = new Uint32Array(1 << BIN_BITS);
  for (let i = 0; i < values.length; i++) bins[binOf(values[i]!)]! += 1;
  return bins;
}

/** The bins that hold some ranks, and the rank of each in its own. */
function placesOf(bins: Uint32Array, ranks: readonly number[]): { readonly bin: number; readonly rank: number }[] {
  const places = ranks.map(() => ({ bin: 0, rank: 0 }));
  let [bin, before] = [0, 0];
  for (const index of [...ranks.keys()].sort((a, b) => ranks[a]! - ranks[b]!)) {
    while (before + bins[bin]! <= ranks[index]!) before += bins[bin++]!;
    places[index] = { bin, rank: ranks[index]! - before };
  }
  return places;
}

/** The values of some bins, each bin in ascending order. */
function gather(each: EachValue, bins: Uint32Array, wanted: readonly number[]): ReadonlyMap<number, Float64Array> {
  const distinct = [...new Set(wanted)];
  const held = distinct.map((bin) => new Float64Array(bins[bin]!));
  const next = new Uint32Array(held.length);
  // One more than the place among the wanted ones; 0 = not wanted.
  const slots = new Uint8Array(bins.length);
  for (const [index, bin] of distinct.entries()) slots[bin] = index + 1;
  each((value) => {
    if (Number.isNaN(value)) return;
    const slot = slots[binOf(value)]!;
    if (slot > 0) held[slot - 1]![next[slot - 1]!++] = value;
  });
  return new Map(distinct.map((bin, index) => [bin, held[index]!.sort()]));
}
