import { relative, resolve } from 'node:path';
import { analyze } from '../analyze.js';
import { runSummary } from '../compare/run-summary.js';
import { sideBySide } from '../compare/side-by-side.js';
import { readFacts } from '../journal/facts.js';
import { createRunDirectory } from '../journal/run-directory.js';
import { deriveStudy, writeComparison } from './compare-derive.js';
import type { CompareOptions } from './compare-options.js';
import { printComparison } from './compare-print.js';
import type { Io } from './io.js';

type Shown = Pick<CompareOptions, 'json' | 'out'>;

/** A study judged again from the facts of its runs; ends with the same exit code as it did. */
export async function studyAgain(dir: string, options: Pick<Shown, 'json'>, io: Io): Promise<number> {
  return printComparison(await deriveStudy(dir), dir, options.json === true, io);
}

/** Runs laid side by side, the first one being what the others are held against; written below `--out`. */
export async function runsSideBySide(
  dirs: readonly [string, string, ...string[]],
  command: readonly string[],
  options: Shown,
  io: Io,
): Promise<number> {
  const summaryOf = (dir: string) => runSummary(analyze(readFacts(dir, 'judged')), relative(io.cwd, dir) || dir);
  const [first, ...rest] = dirs;
  const comparison = sideBySide([summaryOf(first), ...rest.map(summaryOf)], command);
  const dir = createRunDirectory(resolve(io.cwd, options.out), 'side-by-side', io.wallTime());
  return printComparison(await writeComparison(comparison, dir), dir, options.json === true, io);
}
