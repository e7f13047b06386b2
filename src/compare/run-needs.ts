import type { RunSummary } from '../domain/comparison.js';
import { attachNeed, detachNeed, isSafeWith, type NeedObservation, needOfDeploy, type TargetNeed } from './need.js';

/** Which sleep a recommendation is about. */
export type SleepAxis = 'sleep' | 'sleep after detach' | 'sleep after attach';

/** The sleep of a run along an axis, ms; along `sleep` the shorter one, should they differ. */
export function sleepAlong(axis: SleepAxis, run: Pick<RunSummary, 'afterDetachMs' | 'afterAttachMs'>): number {
  if (axis === 'sleep after detach') return run.afterDetachMs;
  return axis === 'sleep after attach' ? run.afterAttachMs : Math.min(run.afterDetachMs, run.afterAttachMs);
}

/** The sleep a target's replacement would have needed; sure to be too short = unknown how much more. */
function needsOf(run: RunSummary): TargetNeed[] {
  return run.targets.map(({ detachNeedMs, attachLagMs, tooShort }) => ({
    detachNeedMs: tooShort ? null : detachNeedMs,
    attachLagMs,
  }));
}

/**
 * What one run says of the need along an axis. A failure counts against this axis only when the other sleep is known
 * to have been long enough: else the other one may have caused it.
 */
export function needAlong(axis: SleepAxis, run: RunSummary): NeedObservation {
  const targets = needsOf(run);
  const failed = run.verdict === 'FAIL';
  if (axis === 'sleep') return needOfDeploy(sleepAlong(axis, run), targets, failed);
  const detach = detachNeed(run.afterDetachMs, targets, failed);
  const attach = attachNeed(run.afterAttachMs, targets, failed);
  const [own, other] = axis === 'sleep after detach' ? [detach, attach] : [attach, detach];
  return { ...own, failed: failed && isSafeWith(other.sleepMs, other) };
}

/** Y of a run, ms, whatever it slept: the longest need of its targets. Null when one was not seen to its end. */
export function deployNeedMs(run: RunSummary): number | null {
  const both = needOfDeploy(Number.MAX_VALUE, needsOf(run), false);
  return both.censored ? null : both.needMs;
}

/** Why a failed run cannot be blamed on its sleeps: both were long enough for what it needed. Null: they may have been. */
export function otherCauseOf(run: RunSummary): string | null {
  if (run.verdict !== 'FAIL') return null;
  const [detach, attach] = [needAlong('sleep after detach', run), needAlong('sleep after attach', run)];
  const isEnough = isSafeWith(detach.sleepMs, detach) && isSafeWith(attach.sleepMs, attach);
  return isEnough ? `${run.runId} failed although both its sleeps were long enough` : null;
}

/** Whether the facts themselves show that a sleep was too short: then the failure is no riddle. */
export function isBlamedOnSleep(run: RunSummary): boolean {
  const late = run.targets.slice(0, -1).some((t) => t.attachLagMs !== null && t.attachLagMs > run.afterAttachMs);
  const long = run.targets.some((t) => t.tooShort || (t.detachNeedMs !== null && t.detachNeedMs > run.afterDetachMs));
  return late || long;
}
