import { type Dirent, existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { runPaths } from '../journal/run-directory.js';
import type { RunEntry } from '../report/runs/index-page.js';
import { type RunSummary, summaryOf } from '../report/runs/run-summary.js';

/** Folders below the served one that are looked through: scenario/stamp, and a run or a study beside them. */
const DEPTH_MAX = 3;
/** Runs that are read; more are counted only. */
export const RUNS_READ_MAX = 500;
const RESULT_BYTES_MAX = 64 * 1024 * 1024;

/** The files of a run that are served, and as what. */
export const SERVED_FILES: Readonly<Record<string, string>> = {
  'report.html': 'text/html; charset=utf-8',
  'report.css': 'text/css; charset=utf-8',
  'report.js': 'text/javascript; charset=utf-8',
  'report.md': 'text/plain; charset=utf-8',
  'result.json': 'application/json',
  'junit.xml': 'text/plain; charset=utf-8',
  'failures.ndjson': 'text/plain; charset=utf-8',
  'charts/timeline.png': 'image/png',
  'charts/latency.png': 'image/png',
  'charts/servers.png': 'image/png',
};

/** Paths below `root` of all run directories, as names; links are not followed, so none is met twice. */
export function runsBelow(root: string): string[][] {
  const found: string[][] = [];
  const look = (path: readonly string[]): void => {
    const here = join(root, ...path);
    if (path.length > 0 && existsSync(runPaths(here).events)) {
      found.push([...path]);
      return;
    }
    if (path.length === DEPTH_MAX) return;
    for (const entry of foldersIn(here)) look([...path, entry.name]);
  };
  look([]);
  return found.sort((a, b) => ((a.at(-1) ?? '') < (b.at(-1) ?? '') ? 1 : -1));
}

function foldersIn(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).filter((e) => e.isDirectory());
  } catch (error) {
    // Gone or not for us to read: it has no runs to show.
    void error;
    return [];
  }
}

/** Reads runs for the index; a result is parsed again only when its file changed. */
export function runReader(root: string): () => { entries: RunEntry[]; omitted: number } {
  const known = new Map<string, { readonly stamp: string; readonly summary: RunSummary | null }>();
  return () => {
    const runs = runsBelow(root);
    const entries = runs.slice(0, RUNS_READ_MAX).map((path) => {
      const file = servedFile(root, path, 'result.json');
      if (file === null) return { path, summary: null };
      const { mtimeMs, size } = statSync(file);
      const stamp = `${mtimeMs} ${size}`;
      const before = known.get(file);
      const summary = before?.stamp === stamp ? before.summary : size > RESULT_BYTES_MAX ? null : summaryIn(file);
      known.set(file, { stamp, summary });
      return { path, summary };
    });
    return { entries, omitted: runs.length - entries.length };
  };
}

function summaryIn(file: string): RunSummary | null {
  try {
    return summaryOf(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    // Half written or not JSON: the index says that there is no readable result.
    void error;
    return null;
  }
}

/** The real path of a served file of a run, or null: unknown name, absent, or a link that leads out of the folder. */
export function servedFile(root: string, run: readonly string[], name: string): string | null {
  if (!Object.hasOwn(SERVED_FILES, name)) return null;
  try {
    const base = realpathSync(root);
    const file = realpathSync(join(runPaths(join(root, ...run)).derived, name));
    return file.startsWith(base + sep) && statSync(file).isFile() ? file : null;
  } catch (error) {
    // Absent: the same answer as for a name nobody knows.
    void error;
    return null;
  }
}
