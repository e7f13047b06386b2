import { toleranceBeta } from '../stats/tolerance.js';
import { isSafeWith, type NeedObservation } from './need.js';

/** What one run, or a few, are good for. */
export interface ProvisionalSleep {
  /** Longest need seen. */
  readonly needMs: number;
  /** The candidate to go on with; null when all are too short. */
  readonly sleepMs: number | null;
  /** Share of such deploys that need no more than `needMs`, at the least, with the confidence asked for. */
  readonly share: number;
}

const LEAST_MARGIN_MS = 1000;
const MARGIN_SHARE = 0.2;

/**
 * A sleep to go on with before there are runs enough to prove one (verdict.md §8): the longest need seen, plus the
 * larger of 1 s and 20 %, rounded up to a candidate. The longest of n deploys exceeds the β-quantile with confidence
 * 1 − β^n, so `share` is all that is known. Targets of one deploy are not several deploys. Null when no need is known
 * or some deploy's was censored: how much more it needed nobody saw.
 */
export function provisionalSleep(
  observations: readonly NeedObservation[],
  candidatesMs: readonly number[],
  confidence: number,
): ProvisionalSleep | null {
  if (observations.length === 0 || !observations.every((o) => isSafeWith(o.sleepMs, o))) return null;
  const needMs = observations.reduce((most, o) => Math.max(most, o.needMs), 0);
  const wanted = needMs + Math.max(LEAST_MARGIN_MS, MARGIN_SHARE * needMs);
  const long = candidatesMs.filter((candidate) => candidate >= wanted);
  const sleepMs = long.length === 0 ? null : long.reduce((least, candidate) => Math.min(least, candidate));
  return { needMs, sleepMs, share: toleranceBeta(observations.length, confidence) };
}
