import { toleranceBeta } from '../stats/tolerance.js';
import { sharedError } from './shared-error.js';
import { downtimeUpper } from './sleep-runs.js';

/** Blocks that fit into `budgetMs` when every variant of a block takes `runMs[i]`; undecided runs come on top. */
export function repeatsWithin(budgetMs: number, runMs: readonly number[]): number {
  const blockMs = runMs.reduce((a, b) => a + b, 0);
  return blockMs > 0 ? Math.max(0, Math.floor(budgetMs / blockMs)) : 0;
}

/** What a study could prove at best of one sleep, if no deploy of it or of a longer one has downtime. */
export interface Prospect {
  readonly sleepMs: number;
  readonly runs: number;
  /** Upper bound of P(downtime) from its own runs (fixed sequence from the longest sleep). */
  readonly byRuns: number;
  /** Runs of this and every longer sleep, and the bound from their needs (Bonferroni over the sleeps). */
  readonly trials: number;
  readonly byNeed: number;
}

/**
 * Prospects of a design, shortest sleep first, by the very parts of α that judge it; `sleepsMs` may repeat a value, each
 * stands for `repeats` runs.
 */
export function prospects(sleepsMs: readonly number[], repeats: number, alpha: number, hasNeed: boolean): Prospect[] {
  const { needAlpha, runsAlpha } = sharedError(alpha, hasNeed);
  const candidates = [...new Set(sleepsMs)].sort((a, b) => a - b);
  return candidates.map((sleepMs) => {
    const runs = repeats * sleepsMs.filter((s) => s === sleepMs).length;
    const trials = repeats * sleepsMs.filter((s) => s >= sleepMs).length;
    return {
      sleepMs,
      runs,
      byRuns: downtimeUpper({ sleepMs, runs, bad: 0 }, runsAlpha),
      trials,
      byNeed: downtimeUpper({ sleepMs, runs: trials, bad: 0 }, needAlpha / candidates.length),
    };
  });
}

/** Clean deploys that show a downtime probability of at most `limit` with confidence 1 − α; Infinity: none do. */
export function cleanDeploysFor(limit: number, alpha: number): number {
  if (!(limit > 0) || !(limit < 1) || !(alpha > 0) || !(alpha < 1)) return Number.POSITIVE_INFINITY;
  let n = Math.max(1, Math.floor(Math.log(alpha) / Math.log1p(-limit)) - 1);
  // By the very bound that judges, so that the promise and the judgement cannot differ by one.
  while (downtimeUpper({ sleepMs: 0, runs: n, bad: 0 }, alpha) > limit) n++;
  return n;
}

/** Share of deploys that need no more than the longest of n, with this confidence; what a few runs show. */
export function shareShown(n: number, alpha: number): number {
  return toleranceBeta(n, 1 - alpha);
}
