import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { RollproofError } from '../domain/errors.js';
import { LATEST, latestRun, runPaths } from '../journal/run-directory.js';
import type { Io } from './io.js';
import type { Finish } from './program.js';

/** `rollproof report [DIR]`: makes every report again from the facts and ends with the verdict's exit code. */
export function addReport(program: Command, io: Io, finish: Finish): void {
  program
    .command('report')
    .description('make the reports of a run again from its facts; exits with its verdict')
    .argument('[dir]', 'run directory', join('reports', LATEST))
    .option('--json', 'print result.json instead of the summary')
    .action(async (dir: string, options: { json?: true }) => {
      const path = runDirectory(resolve(io.cwd, dir));
      const [{ deriveReports }, { printResult }] = await Promise.all([import('./derive.js'), import('./summary.js')]);
      const derived = await deriveReports(path);
      printResult(derived, path, { json: options.json === true }, io);
      finish(derived.result.verdict.exitCode);
    });
}

/** A run directory itself, or the pointer to the newest one. */
export function runDirectory(path: string): string {
  if (existsSync(runPaths(path).events)) return path;
  const pointed = path.endsWith(LATEST) ? latestRun(resolve(path, '..')) : null;
  if (pointed !== null && existsSync(runPaths(pointed).events)) return pointed;
  throw new RollproofError('RUN_DIRECTORY_INVALID', `${path} is not a run directory: it has no events.ndjson`, {
    hint: 'give a directory such as reports/lab/20261122T081503Z',
  });
}
