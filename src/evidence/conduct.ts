import type { DeployEnd } from '../domain/event.js';
import { type Conduct, NOT_RECORDED, type RunFacts } from '../domain/evidence.js';
import { stepLabel } from '../domain/pipeline.js';
import { selfTestMisses } from '../domain/self-test.js';
import { formatDuration } from '../domain/time.js';
import { eventsOf, lastEvent } from './event-queries.js';
import { deployBeganAt, judgedWindow } from './judged-window.js';
import type { RecordLoss } from './record-loss.js';
import { missingSegments } from './segments.js';

/** How the deploy ended; without the end of the run, what its calls say. */
export function deployEnd(facts: RunFacts): DeployEnd {
  const end = lastEvent(facts.events, 'run-ended');
  if (end !== null) return end.deploy;
  return deployBeganAt(facts) === null ? 'not-started' : 'interrupted';
}

/** What the journal writes in the place of a fact it could not hold. */
const LOST_FACT = new RegExp(`^a [a-z-]+ event ${NOT_RECORDED}`);

/** How the run went: what is missing from its facts, what stopped it, what went wrong with the deploy. */
export function conductOf(facts: RunFacts, loss: RecordLoss, broken: number): Conduct {
  return {
    missing: [
      ...missingFromJournal(facts),
      ...missingFromSteps(facts),
      ...missingFromStreams(facts),
      ...inExcess(loss),
      ...unusable(broken),
      ...unseenBy(facts),
    ],
    interruptedBy: eventsOf(facts.events, 'interrupted')[0]?.signal ?? null,
    deployProblem: deployProblem(facts),
  };
}

function missingFromJournal(facts: RunFacts): readonly string[] {
  const ends = eventsOf(facts.events, 'run-ended');
  const end = ends.at(-1) ?? null;
  const lost = eventsOf(facts.events, 'warning').filter((e) => LOST_FACT.test(e.message));
  return [
    ...lost.map((e) => e.message),
    ...(ends.length > 1 ? [`the journal holds the end of the run ${ends.length} times`] : []),
    ...(facts.eventsComplete ? [] : ['the journal ends in the middle of a line']),
    ...(end === null ? ['the journal does not hold the end of the run'] : []),
    ...(end !== null && end.error !== null && end.deploy === 'complete'
      ? [`the run ended with an error: ${end.error}`]
      : []),
  ];
}

/** Of a run in several processes: no process sees the whole, so that all was done and watched is checked here. */
function missingFromSteps(facts: RunFacts): readonly string[] {
  const { steps } = facts.header;
  if (steps === undefined) return [];
  const ended = new Map(eventsOf(facts.events, 'stage-ended').map((e) => [e.stage, e.ok]));
  const undone = steps.stages.filter((stage) => ended.get(stage) !== true);
  const isOpen = lastEvent(facts.events, 'run-ended') === null;
  return [
    ...(facts.partProblems ?? []),
    ...(isOpen ? ['this is a partial report: the run is not over'] : []),
    ...undone.map((stage) => `stage ${stage} ${ended.has(stage) ? 'did not succeed' : 'has not run'}`),
    ...(isOpen ? [] : trafficTooShort(facts)),
  ];
}

/** Traffic is a process of its own, and may end before what it has to watch. */
function trafficTooShort(facts: RunFacts): readonly string[] {
  const window = judgedWindow(facts);
  if (window === null) return [];
  const stopped = new Map(eventsOf(facts.events, 'traffic-stopped').map((e) => [e.source, e.at]));
  if (stopped.size === 0) return ['no end of any traffic is recorded'];
  return [...stopped]
    .filter(([, at]) => at < window.to)
    .map(([source, at]) => `the traffic of ${source} ended ${formatDuration(window.to - at)} before the judged window`);
}

function missingFromStreams(facts: RunFacts): readonly string[] {
  const ends = eventsOf(facts.events, 'traffic-stopped');
  const stopped = new Set(ends.map((e) => e.source));
  const present = new Set(facts.streams.map((s) => s.source));
  const started = [...new Set(eventsOf(facts.events, 'traffic-started').map((e) => e.source))];
  return [
    ...facts.streams.filter((s) => !s.complete).map((s) => `the sample stream ${s.source} is cut short`),
    ...started.filter((source) => !present.has(source)).map((source) => `the sample stream ${source} is missing`),
    ...[...new Set([...started, ...present])]
      .filter((source) => !stopped.has(source))
      .map((source) => `the end of the traffic of ${source} is not recorded`),
    ...missingSegments(facts.events),
    ...ends.filter((e) => e.scheduled === 0).map((e) => `the traffic of ${e.source} never scheduled an arrival`),
  ];
}

function inExcess({ duplicates, surplus }: RecordLoss): readonly string[] {
  return [
    ...(duplicates === 0 ? [] : [`${duplicates} records of arrivals stand in the sample streams twice`]),
    ...(surplus === 0 ? [] : [`the sample streams hold ${surplus} records more than arrivals were scheduled`]),
  ];
}

function unusable(broken: number): readonly string[] {
  return broken === 0 ? [] : [`${broken} records of arrivals do not say when or how their request ended`];
}

/** An engine known not to see what it vouches for proves nothing by seeing nothing. */
function unseenBy({ header }: RunFacts): readonly string[] {
  const test = header.engine?.selfTest ?? null;
  const misses = test === null ? [] : selfTestMisses(test);
  return misses.map((miss) => `the traffic engine failed its self-test: ${miss}`);
}

function deployProblem(facts: RunFacts): string | null {
  const step = eventsOf(facts.events, 'step-failed')[0];
  if (step !== undefined) return `step ${stepLabel(step.step)} of stage ${step.stage} failed: ${step.error}`;
  const end = lastEvent(facts.events, 'run-ended');
  if (end === null) return null;
  if (end.stillDetached.length > 0) return `the run ended with ${end.stillDetached.join(', ')} still detached`;
  const stage = eventsOf(facts.events, 'stage-ended').find((e) => !e.ok);
  if (stage !== undefined) return `stage ${stage.stage} failed`;
  if (end.deploy === 'complete')
    return failedDeploy(facts) ?? failedExternal(facts) ?? openStep(facts) ?? openStage(facts);
  return end.error === null ? null : `the deploy ended as ${end.deploy}: ${end.error}`;
}

/** A run that calls itself complete must have finished every step it began. */
function openStep(facts: RunFacts): string | null {
  const done = new Set(eventsOf(facts.events, 'step-done').map((e) => `${e.stage}\n${e.index}`));
  const open = eventsOf(facts.events, 'step-intent').find((e) => !done.has(`${e.stage}\n${e.index}`));
  return open === undefined ? null : `step ${stepLabel(open.step)} of stage ${open.stage} was begun and never finished`;
}

/** The last deploy of a target decides: one that was tried again may have failed before. */
function failedDeploy(facts: RunFacts): string | null {
  const last = new Map(eventsOf(facts.events, 'deploy-ended').map((e) => [e.target, e]));
  const failed = [...last.values()].find((e) => e.error !== null);
  return failed === undefined ? null : `the deploy of ${failed.target} ended with an error: ${failed.error}`;
}

/** Of a deploy that others did: its command must have ended well, and the balancer must last have shown every target in service. */
function failedExternal({ events, header }: RunFacts): string | null {
  const begun = eventsOf(events, 'external-started')[0];
  if (begun === undefined) return null;
  const ended = lastEvent(events, 'external-ended');
  if (begun.by === 'command' && ended === null) return 'the end of the deploy command is not recorded';
  if (ended?.error != null) return `the deploy command ended with an error: ${ended.error}`;
  const seen = new Map(eventsOf(events, 'target-observed').map((e) => [e.health.target, e.health]));
  const out = header.scenario.targets.find(({ id }) => {
    const health = seen.get(id);
    return health === undefined || !health.registered || health.state !== 'healthy';
  });
  if (out === undefined) return null;
  return `the load balancer last said that ${out.id} was ${seen.get(out.id)?.state ?? 'not known to it'}`;
}

function openStage(facts: RunFacts): string | null {
  const ended = new Set(eventsOf(facts.events, 'stage-ended').map((e) => e.stage));
  const open = eventsOf(facts.events, 'stage-started').find((e) => !ended.has(e.stage));
  return open === undefined ? null : `the end of stage ${open.stage} is not recorded`;
}
