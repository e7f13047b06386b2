import { resolve } from 'node:path';
import type { Command } from 'commander';
import { LATEST } from '../journal/run-directory.js';
import type { Io } from './io.js';
import type { Finish } from './program.js';
import { runDirectory } from './report.js';

/** `rollproof recover [DIR]`: attaches what a killed run left detached. Safe to repeat. */
export function addRecover(program: Command, io: Io, finish: Finish): void {
  program
    .command('recover')
    .description('attach again what a killed run left detached')
    .argument('[dir]', 'run directory', `reports/${LATEST}`)
    .option('--wait', 'wait until what was attached is in service')
    .action(async (dir: string, options: { wait?: true }) => {
      const { recoverRun } = await import('./recover-run.js');
      finish(await recoverRun(runDirectory(resolve(io.cwd, dir)), options.wait === true, io));
    });
}
