import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { studyComparison } from '../compare/study-comparison.js';
import type { Comparison } from '../domain/comparison.js';
import { diskError, removeDerived, runPaths } from '../journal/run-directory.js';
import { renderComparison } from '../report/comparison/render-comparison.js';
import { loadHtmlAssets } from '../report/html/assets.js';
import { studyFacts, studyRuns } from './study-facts.js';
import { readStudy } from './study-file.js';

export interface DerivedComparison {
  readonly comparison: Comparison;
  /** Relative to the study. */
  readonly files: readonly string[];
  readonly notes: readonly string[];
}

/** Study → its reports in `derived/`: the same bytes from the same runs, today and tomorrow. */
export async function deriveStudy(dir: string): Promise<DerivedComparison> {
  const log = readStudy(dir);
  return writeComparison(studyComparison(studyFacts(log.header, studyRuns(dir, log))), dir);
}

/** Writes the reports of a comparison into `dir/derived/`; old ones go first. */
export async function writeComparison(comparison: Comparison, dir: string): Promise<DerivedComparison> {
  const { files, notes } = await renderComparison(
    comparison,
    loadHtmlAssets((path) => readFileSync(path, 'utf8')),
  );
  removeDerived(dir);
  for (const file of files) {
    const path = join(runPaths(dir).derived, file.path);
    try {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, file.bytes);
    } catch (cause) {
      throw diskError(`cannot write ${path}`, cause);
    }
  }
  return { comparison, files: files.map((f) => join('derived', f.path)), notes };
}
