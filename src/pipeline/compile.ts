import type { Pipeline } from '../domain/pipeline.js';
import type { Scenario } from '../domain/scenario.js';
import { explicitStages } from './strategies/explicit.js';
import { rollingStages } from './strategies/rolling.js';

/** Scenario → pipeline: pure, so `plan` prints exactly what `run` will do. */
export function pipelineOf(scenario: Pick<Scenario, 'targets' | 'rollout'>): Pipeline {
  const { rollout, targets } = scenario;
  return { stages: rollout.strategy === 'stages' ? explicitStages(rollout.stages) : rollingStages(targets, rollout) };
}

/** Known part of a pipeline's duration in ms: its sleeps. Deploys and waits come on top. */
export function sleepMsOf(pipeline: Pipeline): number {
  let ms = 0;
  for (const stage of pipeline.stages) for (const step of stage.steps) if (step.kind === 'sleep') ms += step.ms;
  return ms;
}
