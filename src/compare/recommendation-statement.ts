import type { Recommendation } from '../domain/comparison.js';
import { formatDuration } from '../domain/time.js';
import { cleanDeploysFor } from './budget.js';
import { confidenceOf, ratioText, sleepStatement } from './statement.js';

type Found = Omit<Recommendation, 'statement'>;

/**
 * The sentence to act on. Only a bound is called a recommendation; what was merely seen says "observed, not proven"
 * (verdict.md §8).
 */
export function recommendationStatement(found: Found): string {
  const { byNeedMs, byRunsMs, alpha, of, candidatesMs } = found;
  const [cause] = found.otherCauses;
  if (cause !== undefined || found.nonMonotone !== null) {
    return `No ${of} is recommended: ${cause ?? found.nonMonotone}. Something other than the sleep causes downtime; find that first.`;
  }
  const need = found.table.find((row) => row.sleepMs === byNeedMs);
  if (need !== undefined) {
    const among = candidatesMs.length === 1 ? '' : `, Bonferroni over ${candidatesMs.length} sleeps`;
    return `${of} ${formatDuration(need.sleepMs)}: ${need.needMore} of ${need.trials} deploys needed more or may have → at most ${ratioText(need.needUpper)} of such deploys do (${confidenceOf(alpha)}${among}).`;
  }
  const runs = found.table.find((row) => row.sleepMs === byRunsMs);
  if (runs !== undefined) return `${sleepStatement(runs, alpha, of)}, fixed sequence from the longest sleep.`;
  return notProven(found);
}

function notProven(found: Found): string {
  const { limit, alpha, of, observedMinimumMs, candidatesMs } = found;
  const wanted = `No ${of} is proven to have downtime in at most ${ratioText(limit)} of deploys (${confidenceOf(alpha)})`;
  const n = cleanDeploysFor(limit, alpha / Math.max(1, candidatesMs.length));
  const more = Number.isFinite(n) ? `; that takes ${n} deploys without a longer need` : '';
  const observed =
    observedMinimumMs === null
      ? 'No sleep was without downtime at it and above.'
      : `Observed, not proven: ${formatDuration(observedMinimumMs)} is the shortest with no downtime at it or above.`;
  return `${wanted}${more}. ${observed}${provisionalText(found)}`;
}

function provisionalText({ provisional, alpha }: Found): string {
  if (provisional === null) return '';
  const { needMs, sleepMs, share } = provisional;
  const goOn = sleepMs === null ? 'longer than every sleep tried' : `until then ${formatDuration(sleepMs)}`;
  return ` The longest need seen was ${formatDuration(needMs)}; with a margin of 20 %, 1 s at least: ${goOn}. Seen so far, at least ${ratioText(share)} of such deploys need no more than that (${confidenceOf(alpha)}).`;
}
