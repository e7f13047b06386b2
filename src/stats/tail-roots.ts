/** What every exact bound is made of: a tail summed from its largest term, and the root of an equation in it. */

/**
 * Σ of the ratios to the first term, going away from the mode: terms only fall, so it ends after O(√n) of them.
 * @param ratio of each term to the one before it, by its number from 0.
 */
export function fallingSum(ratio: (step: number) => number): number {
  let term = 1;
  let sum = 1;
  for (let step = 0; ; step++) {
    term *= ratio(step);
    if (!(term > sum * 1e-18)) return sum;
    sum += term;
  }
}

/**
 * The value in [lo, hi], 0 < lo, where `isBelow` turns from true to false, to the last digit. Halves the logarithm while the
 * bracket spans magnitudes, so that a bound of 1e-9 is found to the same relative accuracy as one of 0.5.
 */
export function rootOf(lo: number, hi: number, isBelow: (value: number) => boolean): number {
  let [below, above] = [lo, hi];
  for (;;) {
    const middle = above > 4 * below ? Math.sqrt(below) * Math.sqrt(above) : (below + above) / 2;
    if (!(middle > below && middle < above)) return (below + above) / 2;
    if (isBelow(middle)) below = middle;
    else above = middle;
  }
}
