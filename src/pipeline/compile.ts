import type { Pipeline } from '../domain/pipeline.js';
import type { BalancerFacts } from '../domain/ports.js';
import type { Scenario } from '../domain/scenario.js';
import { awaitDeadlines } from './deadlines.js';
import { blueGreenStages } from './strategies/blue-green.js';
import { explicitStages } from './strategies/explicit.js';
import { rollingStages } from './strategies/rolling.js';

/**
 * Scenario → pipeline: pure, so `plan` prints exactly what `run` will do.
 * @param facts what the balancer says of itself, for the deadlines; null where nobody asked it: those of a stranger.
 */
export function pipelineOf(scenario: Pick<Scenario, 'targets' | 'rollout'>, facts: BalancerFacts | null): Pipeline {
  const { rollout, targets } = scenario;
  const deadlines = awaitDeadlines(rollout, facts);
  if (rollout.strategy === 'stages') return { stages: explicitStages(rollout, targets, deadlines) };
  if (rollout.strategy === 'blue-green' && rollout.blueGreen != null)
    return { stages: blueGreenStages(targets, rollout.blueGreen, rollout, deadlines) };
  return { stages: rollingStages(targets, rollout, deadlines) };
}

/** Known part of a pipeline's duration in ms: its sleeps. Deploys and waits come on top. */
export function sleepMsOf(pipeline: Pipeline): number {
  let ms = 0;
  for (const stage of pipeline.stages) for (const step of stage.steps) if (step.kind === 'sleep') ms += step.ms;
  return ms;
}
