import type { RunEvent } from '../domain/event.js';
import type { RunFacts } from '../domain/evidence.js';
import type { SampleTable } from '../domain/sample.js';
import type { Instant, Span } from '../domain/time.js';
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

/** When the deploy began to touch what users meet: its first detach; of a blue-green one its first step. Null = it never did. */
export function deployBeganAt({ events, header }: Pick<RunFacts, 'events' | 'header'>): Instant | null {
  return header.scenario.rollout.strategy === 'blue-green' ? firstStepAt(events) : firstDetachAt(events);
}

/**
 * The judged window of verdict.md §1.1: [first detach request (blue-green: first step), end of the last stage + settle]. When the run
 * stopped early it ends with the last arrival (the last event without traffic). Null when nothing was begun.
 */
export function judgedWindow(facts: RunFacts): Span | null {
  const from = deployBeganAt(facts);
  if (from === null) return null;
  const deployed = facts.events.reduce((last, event) => Math.max(last, deployedAt(event)), from);
  const whole =
    lastEvent(facts.events, 'run-ended')?.deploy === 'complete' &&
    eventsOf(facts.events, 'stage-ended').some((stage) => stage.at >= from);
  const settled = deployed + facts.header.scenario.traffic.settleMs;
  return { from, to: Math.max(from, whole ? settled : lastFactAt(facts.events, facts.samples)) };
}

/**
 * When the deploy was still at work for sure. A stage ends after all it did, so in facts that agree the last stage's end
 * is the latest of these; where its record is missing or wrong, what it did still has to be judged.
 */
function deployedAt(event: RunEvent): Instant {
  const { kind, at } = event;
  const isOurs =
    kind === 'stage-ended' || kind === 'stage-started' || kind === 'deploy-ended' || kind === 'balancer-call';
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
