import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { analyze } from '../analyze.js';
import { RollproofError } from '../domain/errors.js';
import type { ReportLayout } from '../domain/event.js';
import type { RunResult } from '../domain/result.js';
import { readFacts } from '../journal/facts.js';
import { removeDerived, runPaths } from '../journal/run-directory.js';
import { loadHtmlAssets } from '../report/html/assets.js';
import { renderJson } from '../report/json.js';
import { renderAll } from '../report/render-all.js';
import { PASS_FILE, passRecord } from './required-pass.js';

export interface Derived {
  readonly result: RunResult;
  /** Paths relative to the run directory. */
  readonly files: readonly string[];
  /** What could not be made, and why. */
  readonly notes: readonly string[];
}

/**
 * Facts → judgement → `derived/`: what `run` ends with and `report` repeats, byte for byte. Old derived files go first.
 * The layout is the one asked for, or the run's own.
 * @throws RollproofError RUN_DIRECTORY_INVALID, FACTS_FROM_THE_FUTURE, DISK_WRITE_FAILED.
 */
export async function deriveReports(dir: string, asked?: ReportLayout): Promise<Derived> {
  const { result, layout } = judged(dir);
  const rendered = await renderAll(
    result,
    loadHtmlAssets((path) => readFileSync(path, 'utf8')),
    asked ?? layout,
  );
  removeDerived(dir);
  const root = runPaths(dir).derived;
  const files: string[] = [];
  const pass = passRecord(result, renderJson(result));
  const record = pass === null ? [] : [{ path: PASS_FILE, bytes: pass }];
  for (const file of [...rendered.files, ...record]) {
    const path = join(root, file.path);
    try {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, file.bytes);
    } catch (cause) {
      throw new RollproofError(
        'DISK_WRITE_FAILED',
        `cannot write ${path}: ${cause instanceof Error ? cause.message : String(cause)}`,
        {
          hint: 'free some space, then: rollproof report <run directory>; the facts are kept',
          cause,
        },
      );
    }
    files.push(join('derived', file.path));
  }
  return { result, files, notes: rendered.notes };
}

/** By itself: the facts of a long run are large, and nobody holds them while pictures are drawn. */
function judged(dir: string): { readonly result: RunResult; readonly layout: ReportLayout } {
  const facts = readFacts(dir, 'judged');
  return { result: analyze(facts), layout: facts.header?.reportLayout === 'split' ? 'split' : 'single' };
}
