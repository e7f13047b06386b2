import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { RollproofError } from '../domain/errors.js';
import type { SampleStreamFacts, SampleTable } from '../domain/sample.js';
import { LAYOUT } from './run-directory.js';
import { SampleCollector, type SampleDetail } from './sample-merge.js';
import { readStream } from './sample-stream.js';

/** All samples of a run, and what reading each stream showed. */
export interface SampleFacts {
  readonly samples: SampleTable;
  readonly streams: readonly SampleStreamFacts[];
}

/** What a row takes on disk, about: how many there will be is guessed from it. Memory that is not used costs nothing. */
const ROW_BYTES = 60;

const ALL: SampleDetail = { leftOut: new Set(), isUseCoarse: false };

/**
 * Reads and merges every `samples/*.arrows` of the run directory `dir`: sorted by scheduledAt, then source, then
 * seq; dictionaries unified. A cut or garbled stream contributes its whole batches and says `complete: false`.
 * Memory: 44 bytes a row, 30 without what no judgement asks for, and 4 more while they are set in order.
 */
export function readSamples(dir: string, detail: SampleDetail = ALL): SampleFacts {
  const files = streamFiles(join(dir, LAYOUT.samples));
  const expected = files.reduce((sum, { path }) => sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0), 0);
  const collector = new SampleCollector(Math.ceil(expected / ROW_BYTES), detail);
  const streams = files.map(({ path, stem }) =>
    readStream(path, stem, (source, block) => collector.add(source, block)),
  );
  return { samples: collector.table(), streams };
}

/** An absent directory is a run that never had traffic: no streams, and the verdict says so. */
function streamFiles(folder: string): { path: string; stem: string }[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith(LAYOUT.sampleSuffix))
      .sort()
      .map((name) => ({ path: join(folder, name), stem: name.slice(0, -LAYOUT.sampleSuffix.length) }));
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return [];
    throw new RollproofError('RUN_DIRECTORY_INVALID', `cannot list ${folder}`, {
      cause,
      hint: 'Check its permissions.',
    });
  }
}
