import { LANES } from '../domain/sample.js';
import type { Traffic } from '../domain/scenario.js';
import { STREAMS, uniformStream } from './random.js';

/** Lane codes as the sample columns hold them. */
export const LANE_CODE = {
  new: LANES.indexOf('new'),
  reuse: LANES.indexOf('reuse'),
  long: LANES.indexOf('long'),
  h2: LANES.indexOf('h2'),
} as const;

/** The whole schedule of one source as pure functions of the arrival's number `k`, from 0. */
export interface ArrivalPlan {
  /** λ: arrivals per second of all lanes together. */
  readonly ratePerSecond: number;
  /** ms after the first possible arrival; strictly inside slot k, so gaps are always < 2/λ. */
  readonly dueMs: (k: number) => number;
  /** Index into LANES. */
  readonly lane: (k: number) => number;
  /** Whole ms a `long` arrival asks the service to hold it; 0 when there is no long lane. */
  readonly holdMs: (k: number) => number;
}

/**
 * Jittered open-model schedule: t_k = (k + U_k) / λ.
 *
 *     slot    |  0  |  1  |  2  |  3  |      one arrival per slot of 1/λ, anywhere in it:
 *     arrival |x    |    x|  x  |   x |      rate exact, no aliasing with periodic checks
 *
 * The lane is drawn at random per arrival, never alternated: in step with a round-robin balancer an alternation would
 * blind each lane to all but one target. λ includes the long lane. Throws RangeError when λ or the weights are no rates.
 */
export function arrivalPlan(traffic: Pick<Traffic, 'ratePerSecond' | 'lanes' | 'seed'>): ArrivalPlan {
  const { lanes, seed } = traffic;
  const long = lanes.long;
  const total = traffic.ratePerSecond + (long?.ratePerSecond ?? 0);
  const h2Weight = lanes.h2Weight ?? 0;
  const weights = lanes.newWeight + lanes.reuseWeight + h2Weight;
  if (!(total > 0 && Number.isFinite(total))) throw new RangeError(`arrival rate must be positive, not ${total}/s`);
  if (traffic.ratePerSecond > 0 && !(weights > 0 && Math.min(lanes.newWeight, lanes.reuseWeight, h2Weight) >= 0)) {
    throw new RangeError('lane weights must not be negative and not all zero');
  }
  const jitter = uniformStream(seed, STREAMS.jitter);
  const laneDraw = uniformStream(seed, STREAMS.lane);
  const holdDraw = uniformStream(seed, STREAMS.hold);
  const slotMs = 1000 / total;
  const longBelow = (long?.ratePerSecond ?? 0) / total;
  const below = (weight: number) => (weights > 0 ? longBelow + (1 - longBelow) * (weight / weights) : longBelow);
  const newBelow = below(lanes.newWeight);
  // 2: without a lane after it, it is all that is left, whatever a sum of fractions comes to.
  const reuseBelow = h2Weight === 0 ? 2 : below(lanes.newWeight + lanes.reuseWeight);
  return {
    ratePerSecond: total,
    dueMs: (k) => (k + jitter(k)) * slotMs,
    lane: (k) => {
      const u = laneDraw(k);
      if (u < longBelow) return LANE_CODE.long;
      if (u < newBelow) return LANE_CODE.new;
      return u < reuseBelow ? LANE_CODE.reuse : LANE_CODE.h2;
    },
    holdMs: (k) =>
      long === null ? 0 : long.minHoldMs + Math.floor(holdDraw(k) * (long.maxHoldMs - long.minHoldMs + 1)),
  };
}

/**
 * How many requests may be in flight: what the rate can pile up until the timeout frees a place, what the long lane
 * holds on purpose, and slack; never below 64. Arrivals beyond it are recorded as dropped.
 */
export function inFlightCap(traffic: Pick<Traffic, 'ratePerSecond' | 'lanes' | 'timeoutMs' | 'maxInFlight'>): number {
  if (traffic.maxInFlight !== null) return traffic.maxInFlight;
  const long = traffic.lanes.long;
  const total = traffic.ratePerSecond + (long?.ratePerSecond ?? 0);
  const held = long === null ? 0 : (long.ratePerSecond * long.maxHoldMs) / 1000;
  return Math.max(64, Math.ceil((total * (traffic.timeoutMs + 500)) / 1000 + held) + 10);
}
