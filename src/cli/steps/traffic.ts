import { type Command, InvalidArgumentError, Option } from 'commander';
import { readDuration } from '../../config/quantity.js';
import { EXIT } from '../../domain/errors.js';
import type { Io } from '../io.js';
import type { Finish } from '../program.js';
import { withResolve } from '../resolve-option.js';
import { addTrafficWorker } from '../traffic-worker.js';
import {
  outDir,
  type PlannedOptions,
  planned,
  requiredRun,
  requiredRunId,
  type StepOptions,
  withStepOptions,
} from './run-name.js';

interface StartOptions extends PlannedOptions {
  readonly detach?: true;
  readonly maxDuration: number;
}

const MAX_DURATION_MS = 30 * 60_000;

/** `rollproof traffic start|stop`: the traffic of a run whose steps are commands of their own. */
export function addTraffic(program: Command, io: Io, finish: Finish): void {
  const traffic = program
    .command('traffic')
    .description('start or stop the traffic of a run whose steps are commands of their own');
  addTrafficWorker(traffic, io, finish);
  withResolve(withStepOptions(traffic.command('start')))
    .description('send the traffic of the run until traffic stop, verify --stop-traffic or its longest duration')
    .argument('[scenario]', 'scenario file (YAML), or ROLLPROOF_PLAN')
    .option('--detach', 'in a process of its own that outlives this one; returns when it sends')
    .addOption(
      new Option('--max-duration <time>', 'end by itself after this time')
        .argParser(duration)
        .default(MAX_DURATION_MS, '30m'),
    )
    .action(async (argument: string | undefined, options: StartOptions) => {
      const { file, scenario } = await planned(argument, options, io);
      const runId = requiredRunId(options, io.env);
      const { startTrafficHere, startTrafficDetached } = await import('./traffic-start.js');
      const { maxDuration: maxDurationMs, resolve = [] } = options;
      const start = { file, scenario, runId, resolve, out: outDir(options, io), maxDurationMs };
      finish(await (options.detach === true ? startTrafficDetached(start, io) : startTrafficHere(start, io)));
    });
  withStepOptions(traffic.command('stop'))
    .description('end the traffic of the run in order: what is in flight gets its answer')
    .action(async (options: StepOptions) => {
      const { dir, journal } = requiredRun(requiredRunId(options, io.env), io.env);
      const [{ stopTraffic }, { reportTo, clearedOut }] = await Promise.all([
        import('./traffic-stop.js'),
        import('./step-report.js'),
      ]);
      const out = outDir(options, io);
      clearedOut(out, 'traffic stop');
      const stopped = await stopTraffic(dir, journal.header.scenario.traffic.timeoutMs, io);
      io.stdout.write(stopped ? 'traffic stopped\n' : 'no traffic runs\n');
      await reportTo(out, dir);
      finish(EXIT.pass);
    });
}

function duration(text: string): number {
  const read = readDuration(text);
  if (!read.ok) throw new InvalidArgumentError(`${read.message}: ${read.hint}`);
  if (read.value < 1_000) throw new InvalidArgumentError('at least a second');
  return read.value;
}
