import { existsSync, readdirSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { RollproofError } from '../domain/errors.js';
import type { Io } from './io.js';
import type { Finish } from './program.js';
import { type RunOptions, scenarioFrom, withRunOptions } from './run.js';

const SCENARIOS = fileURLToPath(new URL('../../scenarios/', import.meta.url));

/** `rollproof demo`: the lab scenario, or one of its faults that rightly does not pass. */
export function addDemo(program: Command, io: Io, finish: Finish): void {
  withRunOptions(program.command('demo'))
    .description('show everything in the local lab: no AWS account, about 45 seconds')
    .option('--fault <name>', `break something on purpose: ${faultNames().join(', ')}`)
    .action(async (options: RunOptions & { fault?: string }) => {
      const file = demoFile(options.fault);
      const scenario = await scenarioFrom(file, io);
      const command = ['rollproof', 'demo', ...(options.fault === undefined ? [] : ['--fault', options.fault])];
      const { conductRun } = await import('./conduct.js');
      finish(await conductRun({ scenario, scenarioFile: relative(SCENARIOS, file), command, options }, io));
    });
}

/** The faults there are: the files of scenarios/faults. */
export function faultNames(): string[] {
  return readdirSync(`${SCENARIOS}faults`)
    .filter((f) => f.endsWith('.yaml'))
    .map((f) => f.slice(0, -'.yaml'.length))
    .sort();
}

function demoFile(fault: string | undefined): string {
  if (fault === undefined) return `${SCENARIOS}lab.yaml`;
  const file = `${SCENARIOS}faults/${fault}.yaml`;
  if (/^[a-z0-9-]+$/.test(fault) && existsSync(file)) return file;
  throw new RollproofError('ARGUMENT_INVALID', `there is no fault named ${fault}`, {
    hint: `known faults: ${faultNames().join(', ')}`,
  });
}
