import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { RollproofError } from '../domain/errors.js';
import { jmxPlan } from '../traffic/jmeter/jmx.js';
import { addExportK6Operator } from './export-k6-operator.js';
import { addPipelineExports } from './export-pipeline.js';
import type { Io } from './io.js';
import type { Finish } from './program.js';
import { scenarioFrom } from './run.js';

/** `rollproof export`: the traffic of a scenario for a tool of its own, its pipeline for a CI server. */
export function addExport(program: Command, io: Io, _finish: Finish): void {
  const parent = program
    .command('export')
    .description('write a scenario for another tool: its traffic, or its pipeline');
  addPipelineExports(parent, io);
  addExportK6Operator(parent, io);
  parent
    .command('jmeter')
    .description(
      'write the traffic as a JMeter 5 test plan (JMX); run it with retries off, see docs/traffic-engines.md',
    )
    .argument('<scenario>', 'scenario file (YAML)')
    .option('-o, --out <file>', 'where to write it; standard output without')
    .action(async (file: string, options: { out?: string }) => {
      const { name, service, traffic } = await scenarioFrom(file, io);
      const plan = jmxPlan({ service, traffic, runId: name });
      if (options.out === undefined) io.stdout.write(plan);
      else writePlan(options.out, plan, io);
    });
}

/** Writes what was exported to a file. @throws RollproofError DISK_WRITE_FAILED. */
export function writePlan(out: string, plan: string, { cwd }: Pick<Io, 'cwd'>): void {
  const path = resolve(cwd, out);
  try {
    writeFileSync(path, plan);
  } catch (cause) {
    throw new RollproofError('DISK_WRITE_FAILED', `cannot write ${path}: ${(cause as Error).message}`, { cause });
  }
}
