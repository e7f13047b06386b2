import type { DeployEnd } from '../domain/event.js';
import type { Conduct, RunFacts } from '../domain/evidence.js';
import { stepLabel } from '../domain/pipeline.js';
import { eventsOf, lastEvent } from './event-queries.js';
import { firstDetachAt } from './judged-window.js';

/** How the deploy ended; without the end of the run, what its calls say. */
export function deployEnd(facts: RunFacts): DeployEnd {
  const end = lastEvent(facts.events, 'run-ended');
  if (end !== null) return end.deploy;
  return firstDetachAt(facts.events) === null ? 'not-started' : 'interrupted';
}

/** How the run went: what is missing from its facts, what stopped it, what went wrong with the deploy. */
export function conductOf(facts: RunFacts, duplicates: number): Conduct {
  return {
    missing: [...missingFromJournal(facts), ...missingFromStreams(facts), ...doubled(duplicates)],
    interruptedBy: eventsOf(facts.events, 'interrupted')[0]?.signal ?? null,
    deployProblem: deployProblem(facts),
  };
}

function missingFromJournal(facts: RunFacts): readonly string[] {
  const end = lastEvent(facts.events, 'run-ended');
  return [
    ...(facts.eventsComplete ? [] : ['the journal ends in the middle of a line']),
    ...(end === null ? ['the journal does not hold the end of the run'] : []),
    ...(end !== null && end.error !== null && end.deploy === 'complete'
      ? [`the run ended with an error: ${end.error}`]
      : []),
  ];
}

function missingFromStreams(facts: RunFacts): readonly string[] {
  const stopped = new Set(eventsOf(facts.events, 'traffic-stopped').map((e) => e.source));
  const present = new Set(facts.streams.map((s) => s.source));
  const started = [...new Set(eventsOf(facts.events, 'traffic-started').map((e) => e.source))];
  return [
    ...facts.streams.filter((s) => !s.complete).map((s) => `the sample stream ${s.source} is cut short`),
    ...started.filter((source) => !present.has(source)).map((source) => `the sample stream ${source} is missing`),
    ...[...new Set([...started, ...present])]
      .filter((source) => !stopped.has(source))
      .map((source) => `the end of the traffic of ${source} is not recorded`),
  ];
}

function doubled(duplicates: number): readonly string[] {
  return duplicates === 0 ? [] : [`${duplicates} records of arrivals stand in the sample streams twice`];
}

function deployProblem(facts: RunFacts): string | null {
  const step = eventsOf(facts.events, 'step-failed')[0];
  if (step !== undefined) return `step ${stepLabel(step.step)} of stage ${step.stage} failed: ${step.error}`;
  const end = lastEvent(facts.events, 'run-ended');
  if (end === null) return null;
  if (end.stillDetached.length > 0) return `the run ended with ${end.stillDetached.join(', ')} still detached`;
  const stage = eventsOf(facts.events, 'stage-ended').find((e) => !e.ok);
  if (stage !== undefined) return `stage ${stage.stage} failed`;
  if (end.deploy === 'complete') return openStep(facts);
  return end.error === null ? null : `the deploy ended as ${end.deploy}: ${end.error}`;
}

/** A run that calls itself complete must have finished every step it began. */
function openStep(facts: RunFacts): string | null {
  const done = new Set(eventsOf(facts.events, 'step-done').map((e) => `${e.stage}\n${e.index}`));
  const open = eventsOf(facts.events, 'step-intent').find((e) => !done.has(`${e.stage}\n${e.index}`));
  return open === undefined ? null : `step ${stepLabel(open.step)} of stage ${open.stage} was begun and never finished`;
}
