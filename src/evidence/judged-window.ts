import type { RunEvent } from '../domain/event.js';
import type { RunFacts } from '../domain/evidence.js';
import type { SampleTable } from '../domain/sample.js';
import type { Instant, Span } from '../domain/time.js';
import { eventsOf, lastEvent } from './event-queries.js';

/** First detach request, even one that failed: its reply may have been lost and its effect not. Null without any. */
export function firstDetachAt(events: readonly RunEvent[]): Instant | null {
  const at = eventsOf(events, 'balancer-call')
    .filter((call) => call.operation === 'detach')
    .map((call) => call.requestedAt)
    .filter(Number.isFinite);
  return at.length === 0 ? null : Math.min(...at);
}

/**
 * The judged window of verdict.md §1.1: [first detach request, end of the last stage + settle]. When the run
 * stopped early it ends with the last arrival (the last event without traffic). Null when nothing was detached.
 */
export function judgedWindow(facts: RunFacts): Span | null {
  const from = firstDetachAt(facts.events);
  if (from === null) return null;
  const stages = eventsOf(facts.events, 'stage-ended').filter((stage) => stage.at >= from);
  const whole = lastEvent(facts.events, 'run-ended')?.deploy === 'complete' && stages.length > 0;
  const settled = Math.max(from, ...stages.map((stage) => stage.at)) + facts.header.scenario.traffic.settleMs;
  return { from, to: Math.max(from, whole ? settled : lastFactAt(facts.events, facts.samples)) };
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
