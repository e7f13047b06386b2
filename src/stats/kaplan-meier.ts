import { ascendingOrder } from './ascending.js';

/** One drop of the survival curve; it holds from `time` until the next. */
export interface SurvivalStep {
  readonly time: number;
  /** Observations not yet over, nor censored, just before `time`. */
  readonly atRisk: number;
  readonly events: number;
  /** Estimated P(T > time). */
  readonly survival: number;
}

/**
 * Kaplan & Meier's product limit (1958; verdict.md §8): the chance of lasting longer than t when some observations
 * were cut short. `observed[i]` is 0 where times[i] is only known to be exceeded; one censored at the moment of an
 * event was still at risk in it. Times that are no number take no part. The curve ends above 0 when the longest
 * observation is censored: what lies beyond is not known. O(n log n).
 */
export function kaplanMeier(times: Float64Array, observed: Uint8Array): SurvivalStep[] {
  const kept = Uint32Array.from(times.keys()).filter((i) => !Number.isNaN(times[i]));
  const values = Float64Array.from(kept, (i) => times[i]!);
  const order = ascendingOrder(values);
  const steps: SurvivalStep[] = [];
  let survival = 1;
  for (let next = 0, first = 0; first < values.length; first = next) {
    const time = values[order === null ? first : order[first]!]!;
    let events = 0;
    for (next = first; next < values.length; next++) {
      const index = order === null ? next : order[next]!;
      if (values[index] !== time) break;
      if (observed[kept[index]!] === 1) events++;
    }
    if (events === 0) continue;
    const atRisk = values.length - first;
    survival *= (atRisk - events) / atRisk;
    steps.push({ time, atRisk, events, survival });
  }
  return steps;
}
