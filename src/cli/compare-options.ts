import { readDuration, readNumber, readRatio } from '../config/quantity.js';
import { RollproofError } from '../domain/errors.js';
import type { SweepOptions } from './compare-variants.js';
import type { ResolveOptions } from './resolve-option.js';

/** `rollproof compare` as typed. */
export interface CompareOptions extends SweepOptions, ResolveOptions {
  readonly repeat?: string;
  readonly budget?: string;
  readonly deployTime?: string;
  readonly atMost: string;
  readonly seed?: string;
  readonly resume?: string;
  readonly new?: true;
  readonly out: string;
  readonly yes?: true;
  readonly force?: true;
  readonly json?: true;
  readonly quiet?: true;
}

/** The numbers of a study, read. */
export interface StudyNumbers {
  readonly repeats: number | null;
  readonly budgetMs: number | null;
  readonly deployGuessMs: number | null;
  readonly limit: number;
  readonly seed: number;
}

const DEFAULT_SEED = 1;
const REPEATS_MAX = 1_000;

/** @throws RollproofError ARGUMENT_INVALID naming the option. */
export function studyNumbers(options: CompareOptions): StudyNumbers {
  if (options.repeat !== undefined && options.budget !== undefined)
    throw new RollproofError('ARGUMENT_INVALID', '--repeat and --budget both say how many repeats', {
      hint: 'give one of them',
    });
  const whole = (option: string, text: string | undefined, max: number, min: number): number | null =>
    text === undefined ? null : checked(option, readNumber(text, { min, max, whole: true }));
  const limit = checked('--at-most', readRatio(options.atMost));
  if (!(limit > 0) || !(limit < 1))
    throw new RollproofError(
      'ARGUMENT_INVALID',
      `--at-most ${options.atMost}: nothing can be proven to be never or always`,
      {
        hint: 'write e.g. 5% or 0.01',
      },
    );
  return {
    repeats: whole('--repeat', options.repeat, REPEATS_MAX, 1),
    budgetMs: options.budget === undefined ? null : checked('--budget', readDuration(options.budget)),
    deployGuessMs: options.deployTime === undefined ? null : checked('--deploy-time', readDuration(options.deployTime)),
    limit,
    seed: whole('--seed', options.seed, 2 ** 31 - 1, 0) ?? DEFAULT_SEED,
  };
}

type Reading = ReturnType<typeof readNumber>;

function checked(option: string, reading: Reading): number {
  if (reading.ok) return reading.value;
  throw new RollproofError('ARGUMENT_INVALID', `${option}: ${reading.message}`, { hint: reading.hint });
}

/** Options that only make sense where a study is run. */
export function sweepsAnything(options: CompareOptions): boolean {
  const { sleep, sleepAfterDetach, sleepAfterAttach, wait, vary, repeat, budget, seed, deployTime, resolve } = options;
  return [sleep, sleepAfterDetach, sleepAfterAttach, wait, vary, repeat, budget, seed, deployTime, resolve].some(
    (o) => o !== undefined,
  );
}
