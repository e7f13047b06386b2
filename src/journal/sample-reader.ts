import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { RollproofError } from '../domain/errors.js';
import type { SampleStreamFacts, SampleTable } from '../domain/sample.js';
import { LAYOUT } from './run-directory.js';
import { mergedTable } from './sample-merge.js';
import { readStream } from './sample-stream.js';

/** All samples of a run, and what reading each stream showed. */
export interface SampleFacts {
  readonly samples: SampleTable;
  readonly streams: readonly SampleStreamFacts[];
}

/**
 * Reads and merges every `samples/*.arrows` of the run directory `dir`: sorted by scheduledAt, then source, then
 * seq; dictionaries unified. A cut or garbled stream contributes its whole batches and says `complete: false`.
 * Memory: about 80 bytes a row, twice that while reading.
 */
export function readSamples(dir: string): SampleFacts {
  const streams = streamFiles(join(dir, LAYOUT.samples)).map(({ path, stem }) => readStream(path, stem));
  return {
    samples: mergedTable(streams),
    streams: streams.map((s) => ({
      source: s.source,
      rows: s.batches.reduce((sum, batch) => sum + batch.rows, 0),
      complete: s.complete,
    })),
  };
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
