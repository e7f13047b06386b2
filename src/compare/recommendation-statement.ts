import type { Recommendation } from '../domain/comparison.js';
import { formatDuration } from '../domain/time.js';
import { cleanDeploysFor } from './budget.js';
import { sharedError } from './shared-error.js';
import { confidenceOf, ratioText } from './statement.js';

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
    const seen = `${need.needMore} of ${need.trials} deploys needed more or may have`;
    return `${of} ${formatDuration(need.sleepMs)}: ${seen} → at most ${ratioText(need.needUpper)} of such deploys do (${confidenceOf(alpha)}, ${sharing(candidatesMs.length)}).`;
  }
  const runs = found.table.find((row) => row.sleepMs === byRunsMs);
  if (runs !== undefined) {
    const shared = found.hasNeed ? `, ${sharing(1)}` : '';
    const seen = `${runs.bad} of ${runs.runs} deploys had downtime`;
    return `${of} ${formatDuration(runs.sleepMs)}: ${seen} → at most ${ratioText(runs.runsUpper)} of such deploys (${confidenceOf(alpha)}${shared}), fixed sequence from the longest sleep.`;
  }
  return notProven(found);
}

/** What the confidence is divided among, so that it holds for all of it together. */
function sharing(sleeps: number): string {
  return `shared among ${sleeps > 1 ? `${sleeps} sleeps and ` : ''}two ways to tell`;
}

/** How many deploys in a row without a longer need (where it says nothing: without downtime) would prove a sleep. */
export function deploysToProve({ limit, alpha, candidatesMs, hasNeed }: Found): number {
  const { needAlpha, runsAlpha } = sharedError(alpha, hasNeed);
  return cleanDeploysFor(limit, hasNeed ? needAlpha / Math.max(1, candidatesMs.length) : runsAlpha);
}

function notProven(found: Found): string {
  const { limit, alpha, of, observedMinimumMs, hasNeed } = found;
  const wanted = `No ${of} is proven to have downtime in at most ${ratioText(limit)} of deploys (${confidenceOf(alpha)})`;
  const n = deploysToProve(found);
  const without = hasNeed ? 'without a longer need' : 'without downtime';
  const more = Number.isFinite(n) ? `; that takes ${n} ${n === 1 ? 'deploy' : 'deploys'} ${without}` : '';
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
