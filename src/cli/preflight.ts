import { resolve } from 'node:path';
import type { Command } from 'commander';
import { EXIT, RollproofError } from '../domain/errors.js';
import type { Io } from './io.js';
import type { Finish } from './program.js';
import { type PassOptions, scenarioFrom, withPassOptions } from './run.js';

/** `rollproof preflight SCENARIO`: the dry run. Asks the balancer with Describe calls only and says what `run` would. */
export function addPreflight(program: Command, io: Io, finish: Finish): void {
  withPassOptions(program.command('preflight'))
    .description('ask the load balancer what speaks against a roll, and how long waits may take; touches nothing')
    .argument('<scenario>', 'scenario file (YAML)')
    .option('-o, --out <dir>', 'where run directories are', 'reports')
    .option('--json', 'print the findings as JSON')
    .action(async (file: string, options: PassOptions & { out: string; json?: true }) => {
      const scenario = await scenarioFrom(file, io);
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
          out: resolve(io.cwd, options.out),
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
