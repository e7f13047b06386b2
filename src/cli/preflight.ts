import { resolve } from 'node:path';
import type { Command } from 'commander';
import { EXIT, RollproofError } from '../domain/errors.js';
import type { Io } from './io.js';
import type { Finish } from './program.js';
import { resolveOverrides, withResolve } from './resolve-option.js';
import { type PassOptions, scenarioFrom, withPassOptions } from './run.js';
import { outDir, type PlannedOptions, planFile, planned, requiredRunId, type StepOptions } from './steps/run-name.js';

interface PreflightOptions extends PassOptions, PlannedOptions {
  readonly json?: true;
  readonly force?: true;
}

/** `rollproof preflight SCENARIO`: the dry run. Asks the balancer with Describe calls only and says what `run` would. */
export function addPreflight(program: Command, io: Io, finish: Finish): void {
  withResolve(withPassOptions(program.command('preflight')))
    .description('ask the load balancer what speaks against a roll, and how long waits may take; touches nothing')
    .argument('[scenario]', 'scenario file (YAML); without it ROLLPROOF_PLAN, whose run is begun')
    .option(
      '-o, --out <dir>',
      'where run directories are (default: reports); of a run that is begun: where its report goes',
    )
    .option('--run-id <id>', 'begin a run whose steps are commands of their own, under this name')
    .option('--force', 'begin it although the preflight or the power check says no')
    .option('--json', 'print the findings as JSON')
    .action(async (argument: string | undefined, options: PreflightOptions) => {
      if (beginsRun(argument, options, io)) {
        finish(await begun(argument, options, io));
        return;
      }
      const file = planFile(argument, io);
      const scenario = await scenarioFrom(file, io, resolveOverrides(options.resolve));
      if (scenario.balancer.kind === 'lab') {
        throw new RollproofError(
          'ARGUMENT_INVALID',
          'the lab is started by the run itself: there is nothing to ask yet',
          {
            hint: 'rollproof plan prints what the run would do',
          },
        );
      }
      const [{ lookBefore }, { balancerFor }, { retriesOf }, { findingsText }] = await Promise.all([
        import('./look-before.js'),
        import('../run/compose.js'),
        import('./retries.js'),
        import('./summary.js'),
      ]);
      const balancer = balancerFor(scenario, null, retriesOf(io));
      try {
        const lookup = {
          out: resolve(io.cwd, options.out ?? 'reports'),
          pass: options.pass === undefined ? null : resolve(io.cwd, options.pass),
          waived: options.withoutPass === true,
          now: io.wallTime(),
        };
        const seen = await lookBefore(scenario, balancer, lookup, io);
        io.stdout.write(options.json === true ? `${JSON.stringify(seen, null, 2)}\n` : findingsText(seen.findings));
        finish(seen.findings.some((f) => f.level === 'refused') ? EXIT.refused : EXIT.pass);
      } finally {
        balancer.close();
      }
    });
}

/** A file alone is looked at and nothing more, also inside GoCD; the run that steps share is begun by its name or plan. */
function beginsRun(argument: string | undefined, { runId }: StepOptions, { env }: Io): boolean {
  return runId !== undefined || Boolean(env.ROLLPROOF_RUN_ID) || argument === undefined;
}

async function begun(argument: string | undefined, options: PreflightOptions, io: Io): Promise<number> {
  const runId = requiredRunId(options, io.env);
  const { file, scenario } = await planned(argument, options, io);
  const { preflightStep } = await import('./steps/preflight-step.js');
  const lookup = {
    pass: options.pass === undefined ? null : resolve(io.cwd, options.pass),
    waived: options.withoutPass === true,
  };
  const force = options.force === true;
  return preflightStep({ runId, file, scenario, out: outDir(options, io), force, lookup }, io);
}
