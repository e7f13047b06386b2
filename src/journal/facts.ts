import { statSync } from 'node:fs';
import { RollproofError } from '../domain/errors.js';
import type { RunFacts } from '../domain/evidence.js';
import { readAccessLogFacts } from './access-log-file.js';
import { readJournal } from './journal-reader.js';
import { readSamples } from './sample-reader.js';

/**
 * Everything on disk of one run, read back. A run cut anywhere reads as less, marked incomplete; only a directory
 * that is not a run, facts garbled in the middle, and facts of a newer rollproof throw.
 */
export function readFacts(dir: string): RunFacts {
  if (statSync(dir, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new RollproofError('RUN_DIRECTORY_INVALID', `${dir} is not a directory`, {
      hint: 'Give a run directory, e.g. reports/latest.',
    });
  }
  return { ...readJournal(dir), ...readSamples(dir), accessLog: readAccessLogFacts(dir) };
}
