/** Named, independent random streams of one run: what a number is drawn for. */
export const STREAMS = { jitter: 1, lane: 2, hold: 3, address: 4, control: 5, request: 6, values: 7 } as const;

const TWO_32 = 2 ** 32;

/** The 32-bit finaliser of MurmurHash3: every input bit reaches every output bit. */
function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/**
 * A uniform draw in [0, 1) that depends on nothing but (seed, stream, k): any arrival can be re-made alone, in any
 * order, without a generator's state. Resolution 2^-32; not for secrets. `seed` is any integer, `k` counts from 0.
 */
export type UniformAt = (k: number) => number;

/** The draws of one stream; the keys are mixed once, a draw costs two mixes. */
export function uniformStream(seed: number, stream: number): UniformAt {
  const low = seed >>> 0;
  const high = Math.floor(seed / TWO_32) >>> 0;
  const first = mix(mix(low ^ 0x9e3779b9) ^ mix(high + stream * 0x7f4a7c15));
  const second = mix(first + 0x6a09e667 + stream);
  // Two keyed rounds, so that no stream is a shifted copy of another.
  return (k) => (mix(mix((k | 0) ^ first) + second) >>> 0) / TWO_32;
}
