import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { RollproofError } from '../domain/errors.js';
import { LATEST, runPaths } from '../journal/run-directory.js';
import { type CompareOptions, sweepsAnything } from './compare-options.js';
import type { Io } from './io.js';
import type { Finish } from './program.js';
import { runDirectory } from './report.js';
import { withResolve } from './resolve-option.js';
import { isStudy } from './study-file.js';

const collect = (value: string, before: readonly string[] | undefined): readonly string[] => [...(before ?? []), value];

/** `rollproof compare`: a study of a scenario, a study again from its facts, or runs side by side. */
export function addCompare(program: Command, io: Io, finish: Finish): void {
  withResolve(
    program
      .command('compare')
      .description(
        'find the shortest safe sleep: repeat a scenario with several sleeps; or lay existing runs side by side',
      )
      .argument('[what...]', 'a scenario file to study, a study directory, or two or more run directories')
      .option('--sleep <list>', 'both sleeps, e.g. 0s,5s,15s')
      .option('--sleep-after-detach <list>', 'only the sleep after a detach')
      .option('--sleep-after-attach <list>', 'only the sleep after an attach; with the other a grid')
      .option('--wait <list>', 'how to wait: sleep, health, both')
      .option('--vary <key=list>', 'any other value of the scenario; may be given again', collect)
      .option('--repeat <n>', 'repeats of every variant (default 3)')
      .option('--budget <time>', 'as many repeats as fit into this time')
      .option(
        '--deploy-time <time>',
        'how long the deploy of one target takes, for planning (0.5 s in the lab, 1 min else)',
      )
      .option('--at-most <share>', 'deploys with downtime that a recommended sleep may have', '5%')
      .option('--seed <n>', 'of the order and, in the lab, of the delays (default 1)')
      .option('--resume <dir>', 'go on with this study')
      .option('--new', 'begin a new study although an unfinished one of the same kind is there')
      .option('--yes', 'do not ask before touching a load balancer that is not the lab')
      .option('--force', 'go on although some variant cannot PASS')
      .option('-o, --out <dir>', 'where studies go', 'reports')
      .option('--json', 'print comparison.json instead of the summary')
      .option('-q, --quiet', 'no progress, only the summary'),
  ).action(async (what: readonly string[], options: CompareOptions) => {
    finish(await compared(what, options, io));
  });
}

async function compared(what: readonly string[], options: CompareOptions, io: Io): Promise<number> {
  const paths = what.map((w) => resolve(io.cwd, w));
  const dirs = paths.filter((p) => isDirectory(p) || p.endsWith(LATEST));
  if (dirs.length > 0 && dirs.length < paths.length)
    throw wrong('a scenario file and directories cannot be compared with each other', 'give one or the other');
  if (dirs.length > 0) return ofDirectories(what, dirs, options, io);
  const [file, ...more] = what;
  if (more.length > 0) throw wrong(`these are ${what.length} scenario files`, 'a study is of one scenario');
  const { studyOfScenario, studyResumed } = await import('./compare-scenarios.js');
  if (options.resume !== undefined) return studyResumed(file ?? null, options.resume, options, io);
  if (file === undefined)
    throw wrong('nothing is given to compare', 'give a scenario file and --sleep 0s,5s, or run directories');
  return studyOfScenario(file, options, io);
}

async function ofDirectories(
  what: readonly string[],
  dirs: readonly string[],
  options: CompareOptions,
  io: Io,
): Promise<number> {
  if (sweepsAnything(options) || options.resume !== undefined)
    throw wrong(
      'directories hold what was run already: nothing can be swept or repeated there',
      'give a scenario file',
    );
  const studies = dirs.filter(isStudy);
  const { studyAgain, runsSideBySide } = await import('./compare-existing.js');
  if (dirs.length === 1 && studies[0] !== undefined) return studyAgain(studies[0], options, io);
  if (studies.length > 0)
    throw wrong(
      'a study cannot be compared with other directories',
      'give one study, or run directories (a study has them in runs/)',
    );
  const runs = dirs.map(runDirectory);
  const [first, second, ...rest] = runs;
  if (first === undefined || second === undefined)
    throw wrong('one run has nothing to be compared with', 'give two or more run directories');
  return runsSideBySide([first, second, ...rest], ['rollproof', 'compare', ...what], options, io);
}

/** Also a directory that is neither a run nor a study: `runDirectory` then says what is missing. */
function isDirectory(path: string): boolean {
  return (
    existsSync(runPaths(path).events) ||
    (existsSync(path) && statSync(path).isDirectory()) ||
    existsSync(join(path, LATEST))
  );
}

const wrong = (message: string, hint: string): RollproofError =>
  new RollproofError('ARGUMENT_INVALID', message, { hint });
