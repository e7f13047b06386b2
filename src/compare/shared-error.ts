/** The parts of α that the two ways to recommend a sleep have. */
export interface SharedError {
  /** Of the way by need, before it is divided by the number of sleeps; 0: that way is closed. */
  readonly needAlpha: number;
  readonly runsAlpha: number;
}

/**
 * A study recommends by need and, where that shows nothing, by runs. Whoever looks at both and takes what one of them
 * gives errs when either does, so each has half of α and the recommendation as a whole errs with probability ≤ α
 * (verdict.md §8 gives each its own α, which covers them one by one only). `hasNeed` must follow from the design, not
 * from what the runs said: after a gated wait the need says nothing of a sleep, so outcomes alone have the whole of α.
 */
export function sharedError(alpha: number, hasNeed: boolean): SharedError {
  return hasNeed ? { needAlpha: alpha / 2, runsAlpha: alpha / 2 } : { needAlpha: 0, runsAlpha: alpha };
}
