/** Uniform numbers in [0, 1). */
export type Random = () => number;

/**
 * The numbers of one simulated run (sfc32, period about 2^128). Base seed, kind and run number are hashed into the
 * state, so the runs of a study share nothing and each can be made again alone.
 */
export function randomOf(seed: number, kind: string, run: number): Random {
  const key = `${seed}/${kind}/${run}`;
  let [a, b, c, counter] = [hash(key, 1), hash(key, 2), hash(key, 3), 1];
  const next = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 4294967296;
  };
  for (let i = 0; i < 15; i++) next();
  return next;
}

/** FNV-1a with a salt. */
function hash(text: string, salt: number): number {
  let h = 0x811c9dc5 ^ Math.imul(salt, 0x9e3779b1);
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

/** Uniform between the two. */
export function within(random: Random, from: number, to: number): number {
  return from + (to - from) * random();
}

/** Uniform in the logarithm: as many short ones as long ones. */
export function logWithin(random: Random, from: number, to: number): number {
  return from * (to / from) ** random();
}

/** One of the values, all equally likely. */
export function oneOf<T>(random: Random, values: readonly [T, ...T[]]): T {
  return values[Math.floor(random() * values.length)] ?? values[0];
}
