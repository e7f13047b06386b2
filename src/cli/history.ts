import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { EXIT } from '../domain/errors.js';
import type { Io } from './io.js';
import type { Finish } from './program.js';
import { runDirectory } from './report.js';
import { isStudy } from './study-file.js';

const ALPHA = 0.05;

/** `rollproof history`: what all runs so far say, environment by environment. */
export function addHistory(program: Command, io: Io, finish: Finish): void {
  program
    .command('history')
    .description('verdicts, the bound they add up to, and the lags, per environment and balancer')
    .option('-o, --out <dir>', 'where run directories and their history.jsonl are', 'reports')
    .option('--add <dir...>', 'add existing runs first; one that is in it already stays once')
    .option('--json', 'print it as JSON')
    .action(async (options: { out: string; add?: readonly string[]; json?: true }) => {
      const root = resolve(io.cwd, options.out);
      const { appendHistory, readHistory } = await import('./history-file.js');
      const [{ placeHistories }, { historyText }] = await Promise.all([
        import('../compare/ledger.js'),
        import('../report/comparison/history-text.js'),
      ]);
      if (options.add !== undefined) await addRuns(options.add, root, appendHistory, io);
      const { entries, unreadable } = readHistory(root);
      if (unreadable.length > 0)
        io.stderr.write(
          `warning: history.jsonl has lines that are no entries and are not counted: ${unreadable.join(', ')}\n`,
        );
      const histories = placeHistories(entries, ALPHA);
      io.stdout.write(options.json === true ? `${JSON.stringify(histories, null, 2)}\n` : historyText(histories));
      finish(EXIT.pass);
    });
}

async function addRuns(
  dirs: readonly string[],
  root: string,
  append: typeof import('./history-file.js').appendHistory,
  io: Io,
): Promise<void> {
  const [{ analyze }, { readFacts }, { runSummary }] = await Promise.all([
    import('../analyze.js'),
    import('../journal/facts.js'),
    import('../compare/run-summary.js'),
  ]);
  for (const dir of dirs) {
    const path = runDirectory(resolve(io.cwd, dir));
    // STUDY/runs/NAME/STAMP: its sleeps were chosen to be tried, not to be used.
    const isOfStudy = isStudy(join(path, '..', '..', '..'));
    const note = append(root, runSummary(analyze(readFacts(path, 'judged')), dir), isOfStudy);
    if (note !== null) io.stderr.write(`note: ${note}\n`);
  }
}
