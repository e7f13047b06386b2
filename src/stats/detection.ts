import { zeroFailureN } from './binomial.js';

/**
 * How many sends must fall into a fault that hits each with probability f, for all of them to be spared with
 * probability ≤ α: m* = min{m : (1 − f)^m ≤ α} (verdict.md §3.1; the same figure as zeroFailureN).
 */
export function mStar(f: number, alpha: number): number {
  return zeroFailureN(f, alpha);
}

/** How arrivals are spaced: Poisson, equal gaps with a random phase, or one uniform draw per equal slot. */
export type ArrivalProcess = 'poisson' | 'constant' | 'jittered';

function missConstant(f: number, x: number): number {
  const whole = Math.floor(x);
  return (1 - f) ** whole * (1 - (x - whole) * f);
}

function missJittered(f: number, x: number): number {
  if (x <= 1) return (1 - x) * (1 - f * x) + x - f * x * x + (f * f * x ** 3) / 6;
  const whole = Math.floor(x);
  const phase = x - whole;
  const s = 1 + phase;
  const both = phase - f * phase ** 2 + (f * f * phase ** 3) / 6;
  const one = (1 - phase) * (1 - f * s) + f * f * ((s * (1 - phase ** 2)) / 2 - (1 - phase ** 3) / 3);
  return both * (1 - f) ** whole + one * (1 - f) ** (whole - 1);
}

/**
 * Probability that a fault of `durationMs`, hitting each request sent in it with probability f, is seen by at least
 * one failed request (verdict.md §3.2). The Poisson figure is a lower bound of the other two.
 */
export function pDetect(arrival: ArrivalProcess, f: number, ratePerSecond: number, durationMs: number): number {
  const x = (ratePerSecond * durationMs) / 1000;
  if (!(x > 0) || !(f > 0)) return 0;
  const share = Math.min(1, f);
  if (arrival === 'poisson' || !Number.isFinite(x)) return -Math.expm1(-share * x);
  const miss = arrival === 'constant' ? missConstant(share, x) : missJittered(share, x);
  return Math.min(1, Math.max(0, 1 - miss));
}

/**
 * Shortest fault, ms, that is seen with probability ≥ 1 − α whatever the arrival process: ln(1/α)/(λf).
 * Infinity without traffic.
 */
export function smallestDetectableMs(f: number, alpha: number, ratePerSecond: number): number {
  if (!(f > 0) || !(ratePerSecond > 0) || !(alpha > 0)) return Number.POSITIVE_INFINITY;
  return (Math.max(0, -Math.log(alpha)) / (ratePerSecond * Math.min(1, f))) * 1000;
}
