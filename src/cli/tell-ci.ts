import { appendFileSync, statSync } from 'node:fs';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import type { RunResult } from '../domain/result.js';
import { type CiAppend, type CiPaths, ciOutput, ciWorkspace } from '../report/ci/ci-output.js';
import { plainLine } from '../report/plain-text.js';
import type { Io } from './io.js';

/**
 * Tells the CI server that started this process about a result: log lines on stderr (stdout is the result alone) and
 * the files it named. What cannot be written is a warning, never an error: it must not change the exit code.
 */
export function tellCi(
  result: RunResult,
  files: { readonly report: string; readonly junit: string },
  io: Pick<Io, 'env' | 'cwd' | 'stderr'>,
): void {
  const base = resolve(io.cwd, ciWorkspace(io.env) ?? '.');
  const inside = (path: string): string | null => {
    const near = relative(base, resolve(io.cwd, path));
    return near.startsWith('..') || isAbsolute(near) ? null : near.split(sep).join('/');
  };
  const { scenarioFile } = result.run;
  const paths: CiPaths = {
    report: inside(files.report),
    junit: inside(files.junit),
    scenario: scenarioFile === null ? null : inside(scenarioFile),
  };
  const output = ciOutput(result, io.env, paths);
  if (output === null) return;
  for (const line of output.lines) io.stderr.write(`${line}\n`);
  for (const append of output.appends) {
    const problem = appended(append);
    if (problem !== null) io.stderr.write(`warning: ${plainLine(problem)}\n`);
  }
}

/** Null, or why it was not written. */
function appended({ path, text, maxBytes }: CiAppend): string | null {
  try {
    if (maxBytes !== null) {
      const before = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
      if (before + Buffer.byteLength(text) > maxBytes)
        return `${path} would grow over ${maxBytes} bytes and be dropped whole: the summary is only in report.md`;
    }
    appendFileSync(path, text);
    return null;
  } catch (error) {
    return `cannot append to ${path}: ${error instanceof Error ? error.message : String(error)}`;
  }
}
