import { resolve } from 'node:path';
import type { Command } from 'commander';
import { readDuration } from '../config/quantity.js';
import { RollproofError } from '../domain/errors.js';

/** What `run … -- COMMAND` and `watch` are told beside what every run is. */
export interface ExternalOptions {
  readonly watchEvery?: number;
  readonly deployTimeout?: number;
  readonly attachLeft?: true;
}

/** Who does the deploy, if it is not the scenario's own pipeline. */
export type ExternalRequest =
  | {
      readonly kind: 'command';
      readonly command: readonly [string, ...string[]];
      readonly timeoutMs: number | null;
      readonly attachLeft: boolean;
    }
  | { readonly kind: 'watch'; readonly untilIdleMs: number | null; readonly maxDurationMs: number };

/** A duration given on the command line, ms. @throws RollproofError ARGUMENT_INVALID. */
export function duration(text: string): number {
  const reading = readDuration(text);
  if (!reading.ok) throw new RollproofError('ARGUMENT_INVALID', reading.message, { hint: reading.hint });
  if (reading.value < SHORTEST_MS)
    throw new RollproofError('ARGUMENT_INVALID', `${text} is too short`, { hint: 'write 100ms or more' });
  return reading.value;
}

const SHORTEST_MS = 100;

export function withWatchEvery(command: Command): Command {
  return command.option(
    '--watch-every <duration>',
    'how often the load balancer is asked for its targets (0.4 s for the lab, 2 s else); the times of a deploy that is not rollproof’s own are known no better',
    duration,
  );
}

/**
 * The command behind `--`, or null. Words that are not behind it are no command: they would start something on a typo.
 * @throws RollproofError ARGUMENT_INVALID.
 */
export function commandBehindDashes(
  words: readonly string[],
  argv: readonly string[],
  options: ExternalOptions,
): ExternalRequest | null {
  const [first, ...rest] = words;
  const dashes = argv.indexOf('--');
  const behind = dashes < 0 ? 0 : argv.length - dashes - 1;
  if (words.length !== behind)
    throw new RollproofError('ARGUMENT_INVALID', `'${words[0]}' is one word too many`, {
      hint: 'a deploy command of your own stands behind two dashes: rollproof run SCENARIO -- ./deploy.sh',
    });
  if (first === undefined || first === '') {
    if (dashes >= 0 || options.deployTimeout !== undefined || options.attachLeft === true)
      throw new RollproofError('ARGUMENT_INVALID', 'there is no command behind --', {
        hint: 'rollproof run SCENARIO [--attach-left] [--deploy-timeout 30m] -- ./deploy.sh args…',
      });
    return null;
  }
  const timeoutMs = options.deployTimeout ?? null;
  return { kind: 'command', command: [first, ...rest], timeoutMs, attachLeft: options.attachLeft === true };
}

/** A first word `rollproof` means this very program; a file of the working directory is given in full. */
export function startedAs(
  command: readonly [string, ...string[]],
  self: readonly [string, ...string[]],
  cwd: string,
): readonly [string, ...string[]] {
  const [first, ...rest] = command;
  if (first === 'rollproof') return [...self, ...rest] as const;
  return [first.startsWith('./') || first.startsWith('../') ? resolve(cwd, first) : first, ...rest];
}
