import type { RunEvent, RunEventOf } from '../domain/event.js';
import type { RunFacts } from '../domain/evidence.js';
import { stepLabel } from '../domain/pipeline.js';
import type { StateSpan, StepSpan, Timeline } from '../domain/result.js';
import type { TargetId } from '../domain/target.js';
import type { Instant } from '../domain/time.js';
import { eventsOf } from './event-queries.js';

/** What the pipeline, the balancer and the applications did, in time order; `end` closes what was left open. */
export function timelineOf(facts: RunFacts, end: Instant): Timeline {
  const { events } = facts;
  return {
    stages: stageSpans(events, end),
    steps: stepSpans(events, end),
    targets: facts.header.scenario.targets.map(({ id }) => ({
      target: id,
      reported: stateSpans(events, id, end),
      app: eventsOf(events, 'app-observed')
        .filter((e) => e.target === id)
        .map(({ at, what }) => ({ at, what })),
    })),
    calls: callsOf(events),
    deploys: deploysOf(events),
    notes: events.flatMap(noteOf),
  };
}

function callsOf(events: readonly RunEvent[]): Timeline['calls'] {
  const calls = eventsOf(events, 'balancer-call').map(
    ({ operation, target, requestedAt, respondedAt, error, observed }) => ({
      operation,
      target,
      requestedAt,
      respondedAt,
      error,
      ...(observed === true ? { observed } : {}),
    }),
  );
  // Those that were only seen from outside stand behind the journal's own lines.
  return calls.some((call) => call.observed === true)
    ? [...calls].sort((a, b) => a.requestedAt - b.requestedAt)
    : calls;
}

/** What a deploy command of the user's that did everything is listed under. */
const EVERY_TARGET = 'every target';

function deploysOf(events: readonly RunEvent[]): Timeline['deploys'] {
  return events.flatMap((e) => {
    if (e.kind !== 'deploy-ended' && e.kind !== 'external-ended') return [];
    const { command, startedAt, at: endedAt, exitCode, outputTail, error } = e;
    const target = e.kind === 'deploy-ended' ? e.target : EVERY_TARGET;
    return [{ target, command, startedAt, endedAt, exitCode, outputTail, error }];
  });
}

function stageSpans(events: readonly RunEvent[], end: Instant): Timeline['stages'] {
  const ended = eventsOf(events, 'stage-ended');
  return eventsOf(events, 'stage-started').map(({ stage, at }) => {
    const close = ended.find((e) => e.stage === stage && e.at >= at);
    return { name: stage, span: { from: at, to: close?.at ?? Math.max(at, end) }, ok: close?.ok ?? false };
  });
}

type StepEvent = RunEventOf<'step-intent'> | RunEventOf<'step-done'> | RunEventOf<'step-failed'>;

/** A step that failed before it began (a safety check said no) is a span without length. */
function stepSpans(events: readonly RunEvent[], end: Instant): readonly StepSpan[] {
  const ends = events.filter(
    (e): e is RunEventOf<'step-done'> | RunEventOf<'step-failed'> => e.kind === 'step-done' || e.kind === 'step-failed',
  );
  const intents = eventsOf(events, 'step-intent');
  const key = (e: StepEvent) => `${e.stage}\n${e.index}`;
  const begun = intents.map((intent) => {
    const close = ends.find((e) => key(e) === key(intent) && e.at >= intent.at) ?? null;
    return stepSpan(intent, intent.at, close, end);
  });
  const known = new Set(intents.map(key));
  const refused = ends.filter((e) => !known.has(key(e))).map((e) => stepSpan(e, e.at, e, end));
  return [...begun, ...refused].sort((a, b) => a.from - b.from || a.index - b.index);
}

function stepSpan(
  event: StepEvent,
  from: Instant,
  close: RunEventOf<'step-done'> | RunEventOf<'step-failed'> | null,
  end: Instant,
): StepSpan {
  const { stage, index, step } = event;
  return {
    stage,
    index,
    label: stepLabel(step),
    kind: step.kind,
    target: step.target ?? null,
    state: close === null ? 'open' : close.kind === 'step-done' ? 'done' : 'failed',
    error: close?.kind === 'step-failed' ? close.error : null,
    from,
    to: close?.at ?? Math.max(from, end),
  };
}

function stateSpans(events: readonly RunEvent[], target: TargetId, end: Instant): readonly StateSpan[] {
  const seen = eventsOf(events, 'target-observed')
    .filter((e) => e.health.target === target)
    .sort((a, b) => a.at - b.at);
  return seen.map(({ at, health }, i) => ({
    from: at,
    to: seen[i + 1]?.at ?? Math.max(at, end),
    state: health.state,
    description: health.description,
  }));
}

function noteOf(event: RunEvent): Timeline['notes'] {
  switch (event.kind) {
    case 'warning':
      return [{ at: event.at, text: event.message }];
    case 'interrupted':
      return [{ at: event.at, text: `interrupted by ${event.signal}` }];
    case 'recovery':
      return [{ at: event.at, text: `recovery of ${event.target} ${event.ok ? 'done' : 'failed'}: ${event.message}` }];
    case 'traffic-stopped':
      return event.error === null ? [] : [{ at: event.at, text: `traffic of ${event.source} broke: ${event.error}` }];
    case 'run-ended':
      return event.error === null ? [] : [{ at: event.at, text: event.error }];
    default:
      return [];
  }
}
