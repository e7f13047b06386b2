import type { Command } from 'commander';
import type { Io } from '../io.js';
import type { Finish } from '../program.js';
import { outDir, requiredRunId, type StepOptions, withStepOptions } from './run-name.js';

interface VerifyCommand extends StepOptions {
  readonly stopTraffic?: true;
  readonly partial?: true;
  readonly json?: true;
}

/** `rollproof verify`: ends a run of several processes and judges it. */
export function addVerify(program: Command, io: Io, finish: Finish): void {
  withStepOptions(program.command('verify'))
    .description('judge a run whose steps are commands of their own; exits with its verdict')
    .option('--stop-traffic', 'wait until the last stage has settled, then end the traffic')
    .option('--partial', 'report on what there is; a run in which a step failed is ended by it')
    .option('--json', 'print result.json instead of the summary')
    .action(async (options: VerifyCommand) => {
      const runId = requiredRunId(options, io.env);
      const { verifyStep } = await import('./verify-step.js');
      const { stopTraffic = false, partial = false, json = false } = options;
      finish(await verifyStep({ runId, out: outDir(options, io), stopTraffic, partial, json }, io));
    });
}
