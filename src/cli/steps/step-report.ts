import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { ReportLayout } from '../../domain/event.js';
import { onDisk, runPaths } from '../../journal/run-directory.js';
import { placeholderPage } from '../../report/html/placeholder.js';
import { type Derived, deriveReports } from '../derive.js';
import { PASS_FILE } from '../required-pass.js';

/** What a report consists of; nothing else in the folder is touched. */
const REPORT_FILES = [
  'report.html',
  'report.css',
  'report.js',
  'report.md',
  'result.json',
  'junit.xml',
  'failures.ndjson',
  PASS_FILE,
  'charts',
] as const;

/**
 * Takes an older report out of `out` and puts a page in its place that says there is none yet: a step that dies early must
 * not leave the PASS of an earlier run for the CI server to keep, nor no file at all, which some call a failure.
 */
export function clearedOut(out: string, work: string): void {
  onDisk(`cannot write to ${out}`, () => {
    mkdirSync(out, { recursive: true });
    for (const name of REPORT_FILES) rmSync(join(out, name), { recursive: true, force: true });
    writeFileSync(join(out, 'report.html'), placeholderPage(work, 'it ended before there was anything to report.'));
  });
}

/** Makes the reports of a run from its facts so far, and copies them to `out`. */
export async function reportTo(out: string, dir: string, layout?: ReportLayout): Promise<Derived> {
  const derived = await deriveReports(dir, layout);
  const from = runPaths(dir).derived;
  onDisk(`cannot write to ${out}`, () => {
    for (const name of readdirSync(from)) cpSync(join(from, name), join(out, name), { recursive: true });
  });
  return derived;
}

/** The report's path as a person at `cwd` would write it. */
export function reportPath(out: string, cwd: string): string {
  const path = join(out, 'report.html');
  const near = relative(cwd, path);
  return near.startsWith('..') || !existsSync(path) ? path : near;
}
