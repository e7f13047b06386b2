import type { AppChange, RunEvent, RunEventOf } from '../domain/event.js';
import type { TargetId } from '../domain/target.js';
import type { Instant } from '../domain/time.js';
import { eventsOf } from './event-queries.js';
import { isExternal } from './observed-calls.js';
import type { TargetLife } from './phases.js';

/** One target's way out and back, with what the causes need beside the plain life. */
export interface TargetHistory extends TargetLife {
  readonly deployEndedAt: Instant | null;
  /** From here on a request routed to it meets a stopping application; null when no deploy started. */
  readonly stopAt: Instant | null;
  /** The application itself said when it stopped; otherwise `stopAt` is the start of its deploy. */
  readonly stopIsExact: boolean;
  /** Sleep steps between its detach and its deploy, ms; null without any. */
  readonly sleepMs: number | null;
}

type Call = RunEventOf<'balancer-call'>;
interface Cycle {
  readonly detachRequestedAt: Instant;
  readonly detachRespondedAt: Instant;
  readonly attachRequestedAt: Instant | null;
  readonly attachRespondedAt: Instant | null;
  readonly observed?: true;
}

/**
 * The life of every target that was detached, in the order of their detaches. A call that failed may still have had
 * its effect (a lost reply), so a life counts from the first try of the call that succeeded in the end. Of several
 * cycles of one target the one with its deploy is taken.
 * @param green targets that were out at the start and came in: their life begins with their deploy.
 * @param hasDeploy whether the pipeline deploys at all; without, every target counts as deployed by somebody else.
 */
export function livesOf(
  events: readonly RunEvent[],
  targets: readonly TargetId[],
  hasDeploy = true,
  green: readonly TargetId[] = [],
): readonly TargetHistory[] {
  const lives = targets.flatMap((target): TargetHistory[] => {
    if (green.includes(target)) return joinedLife(target, events, hasDeploy);
    const cycles = cyclesOf(eventsOf(events, 'balancer-call').filter((call) => call.target === target));
    const starts = deployStarts(events, target);
    const deployed = cycles.filter((c) => starts.some((at) => isWithin(at, c)));
    const cycle = deployed.at(-1) ?? longestSeen(cycles) ?? cycles.at(-1);
    return cycle === undefined
      ? []
      : [
          {
            ...historyOf(target, cycle, events),
            deployCompleted: hasDeploy ? isDeployed(events, target) : !isCutShort(events, cycle) && !isFailed(events),
          },
        ];
  });
  return lives.sort((a, b) => a.detachRequestedAt - b.detachRequestedAt);
}

/** None when it was never attached. */
function joinedLife(target: TargetId, events: readonly RunEvent[], hasDeploy: boolean): TargetHistory[] {
  const tries = eventsOf(events, 'balancer-call').filter((c) => c.target === target && c.operation === 'attach');
  const done = tries.find((call) => call.error === null);
  if (done === undefined) return [];
  const attachRequestedAt = Math.min(...tries.map((call) => call.requestedAt));
  const begin = Math.min(attachRequestedAt, ...deployStarts(events, target));
  const cycle = {
    detachRequestedAt: begin,
    detachRespondedAt: begin,
    attachRequestedAt,
    attachRespondedAt: done.respondedAt,
  };
  const deployCompleted = hasDeploy ? isDeployed(events, target) : true;
  return [{ ...historyOf(target, cycle, events), joined: true, deployCompleted }];
}

/** A balancer that answers with an old state now and then seems to lose a target for a moment: no deploy is that short. */
function longestSeen(cycles: readonly Cycle[]): Cycle | undefined {
  const length = (c: Cycle) => (c.attachRequestedAt ?? Number.POSITIVE_INFINITY) - c.detachRespondedAt;
  const seen = cycles.filter((c) => c.observed === true);
  return [...seen].sort((a, b) => length(a) - length(b)).at(-1);
}

/** The user's own deploy command did not end well: what is on the targets now is not known to be the new version. */
function isFailed(events: readonly RunEvent[]): boolean {
  const begun = eventsOf(events, 'external-started')[0];
  if (begun?.by !== 'command') return false;
  return !events.some((e) => e.kind === 'external-ended' && e.error === null);
}

function isWithin(at: Instant, cycle: Cycle): boolean {
  return at >= cycle.detachRequestedAt && at <= (cycle.attachRequestedAt ?? Number.POSITIVE_INFINITY);
}

function cyclesOf(calls: readonly Call[]): readonly Cycle[] {
  const cycles: Cycle[] = [];
  let open: Cycle | null = null;
  let firstTry: Call | null = null;
  for (const call of [...calls].sort((a, b) => a.requestedAt - b.requestedAt)) {
    if (firstTry === null || firstTry.operation !== call.operation) firstTry = call;
    if (call.error !== null) continue;
    const { requestedAt } = firstTry;
    firstTry = null;
    if (call.operation === 'detach') {
      if (open !== null) continue;
      open = {
        detachRequestedAt: requestedAt,
        detachRespondedAt: call.respondedAt,
        attachRequestedAt: null,
        attachRespondedAt: null,
        ...(call.observed === true ? { observed: true } : {}),
      };
    } else if (open !== null) {
      const observed: { observed?: true } = call.observed === true ? { observed: true } : {};
      cycles.push({ ...open, attachRequestedAt: requestedAt, attachRespondedAt: call.respondedAt, ...observed });
      open = null;
    }
  }
  return open === null ? cycles : [...cycles, open];
}

function deployStarts(events: readonly RunEvent[], target: TargetId): readonly Instant[] {
  const ended = eventsOf(events, 'deploy-ended').filter((e) => e.target === target);
  const begun = eventsOf(events, 'step-intent').filter((e) => e.step.kind === 'deploy' && e.step.target === target);
  if (ended.length > 0) return ended.map((e) => e.startedAt);
  return begun.length > 0 || !isExternal(events) ? begun.map((e) => e.at) : toldStops(events, target);
}

/** A deploy that others do begins on a target, as far as anybody says, when its application is told to stop. */
function toldStops(events: readonly RunEvent[], target: TargetId): readonly Instant[] {
  const mine = eventsOf(events, 'app-observed').filter((e) => e.target === target);
  const stopping = mine.filter((e) => e.what === 'stopping');
  return (stopping.length > 0 ? stopping : mine.filter((e) => e.what === 'down')).map((e) => e.at);
}

/** Its deploy step was acknowledged, or its command ended well: a journal cut between the two says so too. */
function isDeployed(events: readonly RunEvent[], target: TargetId): boolean {
  return events.some((e) => {
    if (e.kind === 'deploy-ended') return e.target === target && e.error === null;
    return e.kind === 'step-done' && e.step.kind === 'deploy' && e.step.target === target;
  });
}

/** Stopped while the target was out: whoever deploys beside us may not have come to it before it was attached again. */
function isCutShort(events: readonly RunEvent[], cycle: Cycle): boolean {
  return eventsOf(events, 'interrupted').some((e) => isWithin(e.at, cycle));
}

function deployEnds(events: readonly RunEvent[], target: TargetId): readonly Instant[] {
  return events.flatMap((e) => {
    if (e.kind === 'deploy-ended' && e.target === target) return [e.at];
    const ends = e.kind === 'step-done' || e.kind === 'step-failed';
    return ends && e.step.kind === 'deploy' && e.step.target === target ? [e.at] : [];
  });
}

function historyOf(target: TargetId, cycle: Cycle, events: readonly RunEvent[]): TargetHistory {
  const deployStartedAt = deployStarts(events, target).find((at) => isWithin(at, cycle)) ?? null;
  const deployEndedAt =
    deployEnds(events, target).find((at) => deployStartedAt !== null && at >= deployStartedAt) ?? null;
  const marks = appMarks(events, target, cycle);
  const down = marks('down', cycle.detachRequestedAt);
  const stopping = marks('stopping', cycle.detachRequestedAt);
  const up = down === null ? null : (marks('up', down.at) ?? marks('ready', down.at));
  const exact = [stopping, down].find((mark) => mark?.via === 'mark') ?? null;
  const life = {
    target,
    ...cycle,
    deployStartedAt,
    deployEndedAt,
    appDownAt: down?.at ?? null,
    appUpAt: up?.at ?? null,
  };
  return {
    ...life,
    stopAt: exact?.at ?? deployStartedAt ?? down?.at ?? null,
    stopIsExact: exact !== null,
    sleepMs: sleepBetween(events, target, cycle.detachRequestedAt, deployStartedAt),
  };
}

/** First change of the application from an instant on, up to the target's return; its own marks before probes. */
function appMarks(events: readonly RunEvent[], target: TargetId, cycle: Cycle) {
  const mine = eventsOf(events, 'app-observed').filter((e) => e.target === target);
  return (what: AppChange, from: Instant): RunEventOf<'app-observed'> | null => {
    const seen = mine
      .filter((e) => e.what === what && e.at >= from && isBeforeReturn(e, cycle))
      .sort((a, b) => a.at - b.at);
    return seen.find((e) => e.via === 'mark') ?? seen[0] ?? null;
  };
}

/** An application may come up after its attach; it does not stop again then as part of this deploy. */
function isBeforeReturn(e: RunEventOf<'app-observed'>, cycle: Cycle): boolean {
  return e.what === 'up' || e.what === 'ready' || e.at <= (cycle.attachRequestedAt ?? Number.POSITIVE_INFINITY);
}

function sleepBetween(events: readonly RunEvent[], target: TargetId, from: Instant, to: Instant | null): number | null {
  const sleeps = eventsOf(events, 'step-intent').flatMap(({ at, step }) =>
    step.kind === 'sleep' &&
    step.why === 'after-detach' &&
    step.target === target &&
    at >= from &&
    at <= (to ?? Number.POSITIVE_INFINITY)
      ? [step.ms]
      : [],
  );
  return sleeps.length === 0 ? null : sleeps.reduce((sum, ms) => sum + ms, 0);
}
