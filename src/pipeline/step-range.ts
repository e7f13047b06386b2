import { RollproofError } from '../domain/errors.js';
import type { RunEvent } from '../domain/event.js';
import { type Pipeline, type Stage, stepLabel } from '../domain/pipeline.js';
import type { TargetId } from '../domain/target.js';
import type { StepRange } from './runner.js';

/** Some steps of one stage, to be done by a process of its own. */
export interface StagePart {
  readonly stage: Stage;
  readonly part: StepRange;
}

/**
 * How many steps of a stage are done, from its first on. A failed step or a recovery put targets back where they were
 * before: an unfinished stage begins anew then. So does a finished one whose attach was taken back (green of blue-green).
 */
export function stepsDone(stage: Stage, events: readonly RunEvent[]): number {
  let done = 0;
  let detaching: TargetId | null = null;
  for (const event of events) {
    if (event.kind === 'step-intent') detaching = event.step.kind === 'detach' ? event.step.target : null;
    if (event.kind === 'step-done' || event.kind === 'step-failed') detaching = null;
    if (event.kind === 'recovery' && done < stage.steps.length) done = 0;
    if (isTakenBack(stage, event, detaching)) done = 0;
    if (!('stage' in event) || event.stage !== stage.name) continue;
    if (event.kind === 'step-failed') done = 0;
    if (event.kind === 'step-done' && event.index === done) done++;
  }
  return done;
}

/** A detach that no step of the pipeline asked for. */
function isTakenBack(stage: Stage, event: RunEvent, detaching: TargetId | null): boolean {
  if (event.kind !== 'balancer-call' || event.operation !== 'detach' || event.target === detaching) return false;
  return stage.steps.some((step) => step.kind === 'attach' && step.target === event.target);
}

/** The step that a process began and did not live to end, in words; null = none. One step works at a time. */
export function cutStep(events: readonly RunEvent[]): string | null {
  const last = events.findLast((e) => e.kind === 'step-intent' || e.kind === 'step-done' || e.kind === 'step-failed');
  return last?.kind === 'step-intent' ? `${stepLabel(last.step)} of stage ${last.stage}` : null;
}

/**
 * What is left to do of a stage; null = nothing. @throws RollproofError ARGUMENT_INVALID for a stage the pipeline does
 * not have, STEP_FAILED when it is not its turn.
 */
export function restOfStage(pipeline: Pipeline, name: string, events: readonly RunEvent[]): StagePart | null {
  const stage = pipeline.stages.find((s) => s.name === name);
  if (stage === undefined) {
    throw new RollproofError('ARGUMENT_INVALID', `the pipeline has no stage ${name}`, {
      hint: `its stages: ${pipeline.stages.map((s) => s.name).join(', ')}`,
    });
  }
  const done = stepsDone(stage, events);
  if (done === stage.steps.length) return null;
  return inTurn(pipeline, { stage, part: { from: done, to: stage.steps.length - 1 } }, events);
}

/**
 * The steps that belong to one change of a target: the detach, deploy or attach and what is waited for behind it. Null =
 * they are done. @throws RollproofError as {@link restOfStage}.
 */
export function changeOf(
  pipeline: Pipeline,
  kind: 'detach' | 'deploy' | 'attach',
  target: TargetId,
  events: readonly RunEvent[],
): StagePart | null {
  for (const stage of pipeline.stages) {
    const from = stage.steps.findIndex((s) => s.kind === kind && s.target === target);
    if (from === -1) continue;
    const next = stage.steps.findIndex((s, index) => index > from && isChange(s.kind));
    const to = next === -1 ? stage.steps.length - 1 : next - 1;
    const done = stepsDone(stage, events);
    if (done > to) return null;
    return inTurn(pipeline, { stage, part: { from: Math.max(from, done), to } }, events);
  }
  throw new RollproofError('ARGUMENT_INVALID', `the pipeline never does ${kind} ${target}`, {
    hint: 'rollproof plan prints its stages and steps',
  });
}

const isChange = (kind: string) => kind === 'detach' || kind === 'deploy' || kind === 'attach';

/** The plan is one order of steps: out of turn, two targets could be out at once. */
function inTurn(pipeline: Pipeline, wanted: StagePart, events: readonly RunEvent[]): StagePart {
  for (const stage of pipeline.stages) {
    const done = stepsDone(stage, events);
    const due = stage === wanted.stage ? wanted.part.from : stage.steps.length;
    if (done < due) {
      throw new RollproofError(
        'STEP_FAILED',
        `not the turn of stage ${wanted.stage.name}: ${done} of ${stage.steps.length} steps of stage ${stage.name} are done`,
        { hint: `first: rollproof stage ${stage.name}` },
      );
    }
    if (stage === wanted.stage) break;
  }
  return wanted;
}
