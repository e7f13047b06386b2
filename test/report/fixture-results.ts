import type { RunResult } from '../../src/domain/result.js';
import { poisoned } from './fixture-hostile.js';
import { resultOf } from './fixture-run.js';

export { HOSTILE_MARK, HOSTILE_TEXT, poisoned } from './fixture-hostile.js';

/** Two targets replaced, nothing failed, proof complete. */
export function passResult(): RunResult {
  return resultOf({ sleepMs: 6000, ratePerSecond: 250, lagMs: [1400, 600] });
}

/** The sleep was too short on staging-1: one partial outage with its cause. */
export function failResult(): RunResult {
  return resultOf({ sleepMs: 1000, ratePerSecond: 250, lagMs: [2600, 700] });
}

/** Nothing failed, but too few requests for the objective. */
export function inconclusiveResult(): RunResult {
  return resultOf({ sleepMs: 6000, ratePerSecond: 60, lagMs: [1400, 600] });
}

/** failResult with the hostile text appended to every free string, however deep, and as keys of the open maps. */
export function hostileResult(): RunResult {
  return poisoned(failResult());
}
