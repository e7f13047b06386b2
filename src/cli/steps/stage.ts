import type { Command } from 'commander';
import type { Io } from '../io.js';
import type { Finish } from '../program.js';
import { withResolve } from '../resolve-option.js';
import { outDir, type PlannedOptions, planned, requiredRunId, withStepOptions } from './run-name.js';

/** `rollproof stage NAME`: one stage of the run. */
export function addStage(program: Command, io: Io, finish: Finish): void {
  withResolve(withStepOptions(program.command('stage')))
    .description('do one stage of a run whose steps are commands of their own')
    .argument('<name>', 'stage, as rollproof plan prints it')
    .argument('[scenario]', 'scenario file (YAML), or ROLLPROOF_PLAN')
    .action(async (name: string, argument: string | undefined, options: PlannedOptions) => {
      finish(await step({ kind: 'stage', name }, argument, options, io));
    });
}

const CHANGES = {
  detach: 'take one target out of the load balancer and wait for it',
  deploy: 'deploy the new version on one target that is out',
  attach: 'put one target back and wait for it',
} as const;

/** `rollproof detach|deploy|attach TARGET`: the same in smaller pieces. */
export function addChanges(program: Command, io: Io, finish: Finish): void {
  for (const kind of ['detach', 'deploy', 'attach'] as const) {
    withResolve(withStepOptions(program.command(kind)))
      .description(`${CHANGES[kind]}, in a run whose steps are commands of their own`)
      .argument('<target>', 'id of the target in the scenario')
      .argument('[scenario]', 'scenario file (YAML), or ROLLPROOF_PLAN')
      .action(async (target: string, argument: string | undefined, options: PlannedOptions) => {
        finish(await step({ kind, name: target }, argument, options, io));
      });
  }
}

async function step(
  work: { readonly kind: 'stage' | 'detach' | 'deploy' | 'attach'; readonly name: string },
  argument: string | undefined,
  options: PlannedOptions,
  io: Io,
): Promise<number> {
  const { scenario } = await planned(argument, options, io);
  const runId = requiredRunId(options, io.env);
  const { stageStep } = await import('./stage-step.js');
  return stageStep({ ...work, scenario, runId, out: outDir(options, io) }, io);
}
