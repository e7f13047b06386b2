import type { RunFacts } from '../domain/evidence.js';
import type { RunInfo, StepSpan } from '../domain/result.js';
import type { Instant } from '../domain/time.js';
import { deployEnd } from './conduct.js';
import { eventsOf, lastEvent } from './event-queries.js';
import { deployBeganAt } from './judged-window.js';

/** What the report says about the run as such. */
export function runInfo(facts: RunFacts, steps: readonly StepSpan[], end: Instant): RunInfo {
  const { header, events } = facts;
  const from = deployBeganAt(events);
  const stages = eventsOf(events, 'stage-ended').filter((e) => from !== null && e.at >= from);
  const asleep = steps.filter((step) => step.kind === 'sleep').reduce((sum, step) => sum + (step.to - step.from), 0);
  return {
    id: header.runId,
    scenario: header.scenario,
    scenarioFile: header.scenarioFile,
    command: header.command,
    startedAtWall: header.startedAtWall,
    durationMs: end,
    toolVersion: header.toolVersion,
    gitRevision: header.gitRevision,
    tools: header.tools,
    deploy: deployEnd(facts),
    stillDetached: lastEvent(events, 'run-ended')?.stillDetached ?? openDetaches(facts),
    deployMs: from === null ? null : stages.reduce((ms, stage) => Math.max(ms, stage.at - from), 0),
    asleepMs: asleep,
    balancer: eventsOf(events, 'balancer-facts')[0]?.facts ?? null,
    preflight: lastEvent(events, 'preflight')?.findings ?? [],
    ...(header.engine === undefined ? {} : { engine: header.engine }),
  };
}

/** Without the end of the run: what was detached and not attached again. */
function openDetaches(facts: RunFacts): readonly string[] {
  const open = new Set<string>();
  for (const call of eventsOf(facts.events, 'balancer-call')) {
    if (call.operation === 'detach') open.add(call.target);
    else if (call.error === null) open.delete(call.target);
  }
  return [...open];
}
