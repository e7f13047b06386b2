import { CLAIM_LANES } from '../domain/sample.js';
import type { Scenario } from '../domain/scenario.js';
import { binomialTailAtLeast } from '../stats/binomial.js';
import { mStar } from '../stats/detection.js';

/** What one lane can show. */
export interface LanePower {
  readonly lane: (typeof CLAIM_LANES)[number];
  readonly ratePerSecond: number;
  /** Best case: jittered arrivals leave no longer gap than 2/λ. */
  readonly totalOutageMs: number;
  /** Best case: (m* + 1)/λ hold the m* sends that see an outage of one target with 99 %. */
  readonly targetOutageMs: number;
  /**
   * Estimated chance that the gaps of this lane stay within the policy's two limits over the whole deploy. The lane of
   * each arrival is drawn at random, so now and then a lane is left out several times in a row.
   */
  readonly resolutionChance: number;
}

/** Confidence of claim (b) is 1 − this. */
const TARGET_OUTAGE_ALPHA = 0.01;

/**
 * Chance that every m consecutive gaps of a lane span at most `limitMs`, for arrivals in `slots` equal slots each
 * given to the lane with probability `share`. Spans that overlap fail together, so their expected number is divided
 * by m before it is taken as Poisson.
 */
function spanChance(limitMs: number, slotMs: number, slots: number, share: number, m: number): number {
  // The jitter of both ends can stretch a span by one slot.
  const within = Math.max(0, Math.floor(limitMs / slotMs) - 1);
  const tooFew = 1 - binomialTailAtLeast(m, within, share);
  return Math.exp((-slots * share * tooFew) / m);
}

/** Lanes that carry the claims, at `ratePerSecond` together; one without weight is not run and claims nothing. */
export function lanePowers(scenario: Scenario, windowMs: number, ratePerSecond: number): LanePower[] {
  const { lanes } = scenario.traffic;
  const weights = { new: lanes.newWeight, reuse: lanes.reuseWeight, h2: lanes.h2Weight ?? 0 };
  const m = mStar(1 / scenario.targets.length, TARGET_OUTAGE_ALPHA);
  const { fullOutageMs, targetOutageMs } = scenario.policy;
  return CLAIM_LANES.filter((lane) => weights[lane] > 0 && ratePerSecond > 0).map((lane) => {
    const share = weights[lane] / (weights.new + weights.reuse + weights.h2);
    const slotMs = 1000 / ratePerSecond;
    const slots = windowMs / slotMs;
    return {
      lane,
      ratePerSecond: ratePerSecond * share,
      totalOutageMs: (2 * slotMs) / share,
      targetOutageMs: ((m + 1) * slotMs) / share,
      resolutionChance:
        spanChance(fullOutageMs, slotMs, slots, share, 1) * spanChance(targetOutageMs, slotMs, slots, share, m),
    };
  });
}

/** The chance below which a lane is said to be too sparse in practice. */
export const LIKELY = 0.9;

/** Whether a lane can meet both limits, and probably will. */
export function isResolved(lane: LanePower, scenario: Scenario): boolean {
  const { fullOutageMs, targetOutageMs } = scenario.policy;
  return lane.totalOutageMs <= fullOutageMs && lane.targetOutageMs <= targetOutageMs && lane.resolutionChance >= LIKELY;
}

/** Smallest round arrival rate, per second, at which every lane is likely to meet the policy's limits. */
export function resolvingRate(scenario: Scenario, windowMs: number): number {
  const start = Math.max(1, scenario.traffic.ratePerSecond);
  let rate = start;
  for (let step = 0; step < 100; step++) {
    if (lanePowers(scenario, windowMs, rate).every((lane) => isResolved(lane, scenario))) break;
    rate *= 1.15;
  }
  const digit = 10 ** Math.max(0, Math.floor(Math.log10(rate)) - 1);
  return Math.ceil(rate / digit) * digit;
}
