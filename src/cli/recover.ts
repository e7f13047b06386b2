import { resolve } from 'node:path';
import type { Command } from 'commander';
import { LATEST, latestRun } from '../journal/run-directory.js';
import { plainLine } from '../report/plain-text.js';
import type { Io } from './io.js';
import type { Finish } from './program.js';
import { runDirectory } from './report.js';
import { currentRun, outDir, runIdOf, type StepOptions, withStepOptions } from './steps/run-name.js';

interface RecoverOptions extends StepOptions {
  readonly wait?: true;
  readonly killRunning?: true;
}

/** `rollproof recover [DIR]`: attaches what a killed run left detached. Safe to repeat. */
export function addRecover(program: Command, io: Io, finish: Finish): void {
  withStepOptions(program.command('recover'))
    .description('attach again what a killed run left detached; green of a blue-green deploy goes out')
    .argument('[dir]', `run directory (default: that of the run id, else reports/${LATEST})`)
    .option('--wait', 'wait until what was attached is in service')
    .option('--kill-running', 'end the step of the run that is at work and its traffic; the run is over then')
    .action(async (dir: string | undefined, options: RecoverOptions) => {
      const wait = options.wait === true;
      const runId = runIdOf(options, io.env);
      const run = dir === undefined && runId !== null ? currentRun(runId, io.env) : null;
      if (run !== null) {
        const { recoverStep } = await import('./steps/recover-step.js');
        const killRunning = options.killRunning === true;
        finish(await recoverStep({ run, out: outDir(options, io), wait, killRunning }, io));
        return;
      }
      if (dir === undefined && runId !== null && latestRun(resolve(io.cwd, 'reports')) === null) {
        io.stdout.write(`the run ${plainLine(runId)} has not begun: nothing is detached\n`);
        return;
      }
      const { recoverRun } = await import('./recover-run.js');
      finish(await recoverRun(runDirectory(resolve(io.cwd, dir ?? `reports/${LATEST}`)), wait, io));
    });
}
