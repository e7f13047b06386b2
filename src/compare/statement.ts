import { formatDuration } from '../domain/time.js';
import { downtimeUpper, type SleepRuns } from './sleep-runs.js';

/** From here on three digits round to 100 %. */
const LEAST_NOTHING = 0.9995;

/** A bound as it is printed, three significant digits: `13.9 %`. */
export const ratioText = (ratio: number): string => percent(ratio, 3);

/** `95 %` for α = 0.05. */
export const confidenceOf = (alpha: number): string => percent(1 - alpha, 12);

/** A ratio as percent with so many significant digits: `13.9 %`, `95 %`. */
function percent(ratio: number, digits: number): string {
  return `${String(Number((ratio * 100).toPrecision(digits)))} %`;
}

/**
 * What may be said of a sleep after these deploys (verdict.md §8): `sleep 30 s: 0 of 20 deploys had downtime → at most
 * 13.9 % of such deploys (95 %)`. The bound is of this sleep alone; it says nothing of the next shorter one. `what` names
 * which sleep it is.
 */
export function sleepStatement(row: SleepRuns, alpha: number, what = 'sleep'): string {
  const sleep = `${what} ${formatDuration(row.sleepMs)}`;
  if (!(row.runs >= 1)) return `${sleep}: no deploy was observed, nothing is known of it`;
  const seen = `${sleep}: ${row.bad} of ${row.runs} deploys had downtime`;
  const upper = downtimeUpper(row, alpha);
  // A bound that would be printed as 100 % is none.
  if (!(upper < LEAST_NOTHING)) return `${seen}, which bounds nothing`;
  return `${seen} → at most ${percent(upper, 3)} of such deploys (${percent(1 - alpha, 12)})`;
}
