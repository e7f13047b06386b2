import { type Command, Option } from 'commander';
import { duration, withWatchEvery } from './external-options.js';
import type { Io } from './io.js';
import type { Finish } from './program.js';
import { type ResolveOptions, resolveArguments, resolveOverrides, withResolve } from './resolve-option.js';
import { type RunOptions, scenarioFrom, withRunOptions } from './run.js';

interface WatchOptions extends RunOptions, ResolveOptions {
  readonly watchEvery?: number;
  readonly untilIdle?: number;
  readonly maxDuration: number;
}

const MAX_DURATION_MS = 30 * 60_000;

/** `rollproof watch SCENARIO`: judges a deploy that somebody else runs. */
export function addWatch(program: Command, io: Io, finish: Finish): void {
  withResolve(withWatchEvery(withRunOptions(program.command('watch'))))
    .description('fire traffic and watch the load balancer while somebody else deploys; the exit code is the verdict')
    .argument('<scenario>', 'scenario file (YAML)')
    .option('--until-idle <duration>', 'end when nothing has changed for so long after the deploy has begun', duration)
    .addOption(
      new Option('--max-duration <duration>', 'end after so long at most')
        .argParser(duration)
        .default(MAX_DURATION_MS, '30m'),
    )
    .option('--force', 'go on although the power check says no')
    .addHelpText('after', HELP)
    .action(async (file: string, options: WatchOptions) => {
      const scenario = await scenarioFrom(file, io, resolveOverrides(options.resolve));
      const { conductRun } = await import('./conduct.js');
      const external = {
        kind: 'watch',
        untilIdleMs: options.untilIdle ?? null,
        maxDurationMs: options.maxDuration,
      } as const;
      const command = ['rollproof', 'watch', file, ...resolveArguments(options)];
      finish(await conductRun({ scenario, scenarioFile: file, command, options, external }, io));
    });
}

const HELP = `
Touches no target. It begins with warm-up and baseline; start the deploy when it says so. It ends when every target has
left, has come back and has answered with rollout.version, and the traffic has settled; or with --until-idle,
--max-duration or Ctrl-C. A deploy that never happens is INCONCLUSIVE. See docs/any-deploy.md.`;
