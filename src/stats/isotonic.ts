interface Pool {
  bad: number;
  trials: number;
  /** How many of the given points it holds. */
  points: number;
}

/** Whether the later pool fails more often than the earlier one; compared without dividing, so ties stay apart. */
function rises(earlier: Pool, later: Pool): boolean {
  return later.bad * earlier.trials > earlier.bad * later.trials;
}

/**
 * The non-increasing sequence closest to bad[i]/trials[i] in least squares with weights trials[i]: pool adjacent
 * violators (Ayer et al. 1955; verdict.md §8). Linear in the number of points. Null at points without trials: nothing
 * is known there, and they take no part.
 */
export function nonIncreasingFit(bad: readonly number[], trials: readonly number[]): (number | null)[] {
  const known = trials.flatMap((n, index) => (n > 0 && Number.isFinite(bad[index]) && n < Infinity ? [index] : []));
  const pools: Pool[] = [];
  for (const index of known) {
    let last: Pool = { bad: bad[index]!, trials: trials[index]!, points: 1 };
    for (let before = pools.at(-1); before !== undefined && rises(before, last); before = pools.at(-1)) {
      pools.pop();
      last = { bad: before.bad + last.bad, trials: before.trials + last.trials, points: before.points + last.points };
    }
    pools.push(last);
  }
  const fitted = new Array<number | null>(trials.length).fill(null);
  let at = 0;
  for (const pool of pools) {
    for (let i = 0; i < pool.points; i++) fitted[known[at++]!] = pool.bad / pool.trials;
  }
  return fitted;
}
