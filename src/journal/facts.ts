import { statSync } from 'node:fs';
import { RollproofError } from '../domain/errors.js';
import type { RunFacts } from '../domain/evidence.js';
import { UNJUDGED_COLUMNS } from '../domain/sample.js';
import { readAccessLogFacts } from './access-log-file.js';
import { readJournal } from './journal-reader.js';
import { readSamples } from './sample-reader.js';

/**
 * Everything on disk of one run, read back. A run cut anywhere reads as less, marked incomplete; only a directory
 * that is not a run, facts garbled in the middle, and facts of a newer rollproof throw. With `judged` the samples lack
 * what no judgement asks for.
 */
export function readFacts(dir: string, use: 'all' | 'judged' = 'all'): RunFacts {
  if (statSync(dir, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new RollproofError('RUN_DIRECTORY_INVALID', `${dir} is not a directory`, {
      hint: 'Give a run directory, e.g. reports/latest.',
    });
  }
  const journal = readJournal(dir);
  const accessLog = readAccessLogFacts(dir);
  // The client's port is what a line of the log is found by.
  const unasked = UNJUDGED_COLUMNS.filter((name) => name !== 'localPort' || accessLog === null);
  const judged = { leftOut: new Set(unasked), isUseCoarse: true };
  return { ...journal, ...(use === 'all' ? readSamples(dir) : readSamples(dir, judged)), accessLog };
}
