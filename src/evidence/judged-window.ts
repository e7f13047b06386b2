import type { RunEvent } from '../domain/event.js';
import type { RunFacts } from '../domain/evidence.js';
import type { SampleTable } from '../domain/sample.js';
import type { Instant, Span } from '../domain/time.js';
import { clockDoubtMs } from './clock-error.js';
import { eventsOf, lastEvent } from './event-queries.js';

/** First detach request, even one that failed: its reply may have been lost and its effect not. Null without any. */
function firstDetachAt(events: readonly RunEvent[]): Instant | null {
  const at = eventsOf(events, 'balancer-call')
    .filter((call) => call.operation === 'detach')
    .map((call) => call.requestedAt)
    .filter(Number.isFinite);
  return at.length === 0 ? null : Math.min(...at);
}

/** First thing a blue-green deploy did, be it to targets out of rotation: what they share with the others may suffer. */
function firstStepAt(events: readonly RunEvent[]): Instant | null {
  const at = [
    ...eventsOf(events, 'step-intent').map((step) => step.at),
    ...eventsOf(events, 'balancer-call').map((call) => call.requestedAt),
  ].filter(Number.isFinite);
  return at.length === 0 ? null : Math.min(...at);
}

/**
 * When the deploy may have begun to touch what users meet: with its first detach; a blue-green one with its first step.
 * Where the user's own command does it, with that command: it may do harm before it detaches anything. Somebody else's
 * begins with the first sign of it: a mark, or a change of a target's state, less the time a health check takes to find
 * a stopped application out. Null = no sign of any.
 */
export function deployBeganAt({ events, header }: Pick<RunFacts, 'events' | 'header'>): Instant | null {
  const isBlueGreen = header.scenario.rollout.strategy === 'blue-green';
  const detached = isBlueGreen ? firstStepAt(events) : firstDetachAt(events);
  const external = eventsOf(events, 'external-started')[0];
  if (external === undefined) return detached;
  const began = external.by === 'command' ? external.at : firstSignAt(events, external.at);
  return began === null || detached === null ? (began ?? detached) : Math.min(began, detached);
}

function firstSignAt(events: readonly RunEvent[], watchedFrom: Instant): Instant | null {
  const check = lastEvent(events, 'balancer-facts')?.facts.healthCheck ?? null;
  const blindMs = check === null ? 0 : check.unhealthyThreshold * check.intervalMs + check.timeoutMs;
  const signs = events.flatMap((e) => {
    if (e.kind === 'app-observed' || e.kind === 'balancer-mark') return [e.at];
    if (e.kind !== 'target-observed' || e.previousAskedAt == null || e.at < watchedFrom) return [];
    return [e.previousAskedAt - (e.health.state === 'unhealthy' ? blindMs : 0)];
  });
  return signs.length === 0 ? null : Math.max(0, Math.min(...signs));
}

/**
 * What the requests of the judged window are counted in, where its ends are known only roughly: from when the first
 * target had left for sure until the last change has settled. Successes outside it belong to the deploy only perhaps, and
 * must not dilute its failures; those count in the whole window. Null where the times are exact: all of the window.
 */
export function countedSpan(events: readonly RunEvent[], window: Span, settleMs: number): Span | null {
  if (!events.some((e) => e.kind === 'external-started')) return null;
  const left = eventsOf(events, 'balancer-call').filter((call) => call.operation === 'detach');
  const changes = [
    ...eventsOf(events, 'balancer-call').map((call) => call.respondedAt),
    ...eventsOf(events, 'target-observed').map((e) => e.at),
  ].filter((at) => at <= window.to);
  const from = left.reduce((first, call) => Math.min(first, call.respondedAt), Number.POSITIVE_INFINITY);
  const to = changes.reduce((last, at) => Math.max(last, at), window.from) + settleMs;
  return { from: Number.isFinite(from) ? from : window.from, to: Math.min(window.to, to) };
}

/**
 * The judged window of verdict.md §1.1: [first detach request (blue-green: first step), end of the last stage + settle].
 * When the run stopped early it ends with the last arrival (the last event without traffic). Where the
 * traffic ran by another clock, it is wider by what is not known of that. Null when nothing was begun.
 */
export function judgedWindow(facts: RunFacts): Span | null {
  const from = deployBeganAt(facts);
  if (from === null) return null;
  const deployed = facts.events.reduce((last, event) => Math.max(last, deployedAt(event)), from);
  const whole =
    lastEvent(facts.events, 'run-ended')?.deploy === 'complete' &&
    eventsOf(facts.events, 'stage-ended').some((stage) => stage.at >= from);
  const settled = deployed + facts.header.scenario.traffic.settleMs;
  const doubt = clockDoubtMs(facts.events);
  return {
    from: from - doubt,
    to: Math.max(from, whole ? settled + doubt : lastFactAt(facts.events, facts.samples)),
  };
}

/**
 * When the deploy was still at work for sure. A stage ends after all it did, so in facts that agree the last stage's end
 * is the latest of these; where its record is missing or wrong, what it did still has to be judged.
 */
function deployedAt(event: RunEvent): Instant {
  const { kind, at } = event;
  const isOurs =
    kind === 'stage-ended' ||
    kind === 'stage-started' ||
    kind === 'deploy-ended' ||
    kind === 'external-ended' ||
    kind === 'balancer-call';
  const isStep = kind === 'step-intent' || kind === 'step-done' || kind === 'step-failed';
  return (isOurs || isStep) && Number.isFinite(at) ? at : Number.NEGATIVE_INFINITY;
}

/** The last arrival; without arrivals the last event. */
export function lastFactAt(events: readonly RunEvent[], samples: SampleTable): Instant {
  for (let row = samples.length - 1; row >= 0; row--) {
    const at = samples.scheduledAt[row]!;
    if (Number.isFinite(at)) return at;
  }
  return events.reduce((last, event) => (Number.isFinite(event.at) ? Math.max(last, event.at) : last), 0);
}

/** End of the warm-up: what came before it is no baseline. */
export function warmUpEnd(facts: RunFacts): Instant {
  const told = eventsOf(facts.events, 'traffic-started').map((event) => event.warmUpEndsAt);
  if (told.length > 0) return Math.max(...told);
  return (facts.samples.scheduledAt[0] ?? 0) + facts.header.scenario.traffic.warmUpMs;
}
