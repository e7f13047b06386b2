import type { Recommendation, RunSummary, StudyRun } from '../domain/comparison.js';
import { formatDuration } from '../domain/time.js';
import { kaplanMeier } from '../stats/kaplan-meier.js';
import type { NeedObservation } from './need.js';
import { provisionalSleep } from './provisional-sleep.js';
import { type NeedRecommendation, recommendByNeed } from './recommend-by-need.js';
import { recommendByRuns } from './recommend-by-runs.js';
import { recommendationStatement } from './recommendation-statement.js';
import { isBlamedOnSleep, needAlong, otherCauseOf, type SleepAxis, sleepAlong } from './run-needs.js';
import { sharedError } from './shared-error.js';
import type { SleepRuns } from './sleep-runs.js';

/** What a recommendation is made from. */
export interface RecommendationInput {
  readonly of: SleepAxis;
  readonly group: string;
  /** Counted runs of the group. */
  readonly runs: readonly StudyRun[];
  /** Sleeps along the axis of slots that stayed undecided: each counts as a deploy that was not safe. */
  readonly givenUpMs: readonly number[];
  /** The sleeps of the design along the axis, whether run or not. */
  readonly candidatesMs: readonly number[];
  /**
   * Runs whose outcome speaks for their sleep alone, for the judgement by runs: where two sleeps are swept, those with
   * the other one at its longest.
   */
  readonly isPlain: (run: RunSummary) => boolean;
  readonly limit: number;
  readonly alpha: number;
  /** Whether the need of these runs can say anything of the sleep: not after a gated wait. */
  readonly hasNeed: boolean;
}

/** Everything a study says of one sleep (verdict.md §8), ready to print. */
export function recommendationOf(input: RecommendationInput): Recommendation {
  const { of, group, limit, alpha } = input;
  const candidatesMs = [...new Set(input.candidatesMs)].sort((a, b) => a - b);
  const summaries = input.runs.map((r) => r.summary);
  const observations = [
    // After `both` the sleep comes on top of a wait, so the need says nothing of it.
    ...summaries.filter((s) => s.wait === 'sleep').map((s) => needAlong(of, s)),
    ...input.givenUpMs.map((sleepMs): NeedObservation => ({ sleepMs, needMs: sleepMs, censored: true, failed: false })),
  ];
  const nonMonotone = nonMonotoneOf(input);
  const otherCauses = summaries.map(otherCauseOf).filter((cause) => cause !== null);
  const isBlocked = otherCauses.length > 0 || nonMonotone !== null;
  const { needAlpha, runsAlpha } = sharedError(alpha, input.hasNeed);
  const byNeed = recommendByNeed(observations, candidatesMs, limit, needAlpha);
  const rows = outcomesOf(input, candidatesMs);
  const byRuns = recommendByRuns(rows, limit, runsAlpha);
  const found = {
    of,
    group,
    limit,
    alpha,
    hasNeed: input.hasNeed,
    candidatesMs,
    byNeedMs: isBlocked ? null : byNeed.recommendedMs,
    byRunsMs: isBlocked ? null : byRuns.recommendedMs,
    observedMinimumMs: byRuns.observedMinimumMs,
    provisional: isBlocked ? null : provisionalSleep(observations, candidatesMs, 1 - alpha),
    otherCauses,
    nonMonotone,
    table: tableOf(candidatesMs, byNeed, byRuns.table, isBlocked),
    needs: observations.map((o) => ({ ...o, failed: o.failed === true })),
    survival: survivalOf(observations),
  };
  return { ...found, statement: recommendationStatement(found) };
}

function outcomesOf(
  { of, runs, givenUpMs, isPlain }: RecommendationInput,
  candidatesMs: readonly number[],
): SleepRuns[] {
  return [
    ...candidatesMs.map((sleepMs): SleepRuns => ({ sleepMs, runs: 0, bad: 0 })),
    ...runs
      .filter((r) => isPlain(r.summary))
      .map((r) => ({ sleepMs: sleepAlong(of, r.summary), runs: 1, bad: r.summary.verdict === 'FAIL' ? 1 : 0 })),
    ...givenUpMs.map((sleepMs) => ({ sleepMs, runs: 1, bad: 1 })),
  ];
}

/**
 * A longer sleep with downtime where a shorter one had none, and nothing in the failed run shows that its sleep was too
 * short: more sleep does not make a deploy worse, so the sleep is not what failed it.
 */
function nonMonotoneOf({ of, runs, isPlain }: RecommendationInput): string | null {
  const plain = runs.map((r) => r.summary).filter(isPlain);
  const riddles = plain.filter((s) => s.verdict === 'FAIL' && !isBlamedOnSleep(s));
  for (const riddle of riddles) {
    const sleepMs = sleepAlong(of, riddle);
    const shorter = new Set(plain.map((s) => sleepAlong(of, s)).filter((s) => s < sleepMs));
    const clean = [...shorter].filter((s) => plain.every((p) => sleepAlong(of, p) !== s || p.verdict !== 'FAIL'));
    if (clean.length > 0)
      return `${of} ${formatDuration(sleepMs)} had downtime where ${formatDuration(Math.max(...clean))} had none, see ${riddle.runId}`;
  }
  return null;
}

function tableOf(
  candidatesMs: readonly number[],
  byNeed: NeedRecommendation,
  byRuns: ReturnType<typeof recommendByRuns>['table'],
  isBlocked: boolean,
): Recommendation['table'] {
  return candidatesMs.map((sleepMs) => {
    const need = byNeed.table.find((row) => row.sleepMs === sleepMs);
    const runs = byRuns.find((row) => row.sleepMs === sleepMs);
    return {
      sleepMs,
      trials: need?.runs ?? 0,
      needMore: need?.bad ?? 0,
      needUpper: need?.upper ?? 1,
      needShown: !isBlocked && need?.shown === true,
      runs: runs?.runs ?? 0,
      bad: runs?.bad ?? 0,
      runsUpper: runs?.upper ?? 1,
      runsShown: !isBlocked && runs?.shown === true,
    };
  });
}

function survivalOf(observations: readonly NeedObservation[]): Recommendation['survival'] {
  const steps = kaplanMeier(
    Float64Array.from(observations, (o) => o.needMs),
    Uint8Array.from(observations, (o) => (o.censored ? 0 : 1)),
  );
  return steps.map(({ time, survival }) => ({ needMs: time, share: survival }));
}
