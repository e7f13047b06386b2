import { join } from 'node:path';
import { analyze } from '../analyze.js';
import { runSummary } from '../compare/run-summary.js';
import type { StudyFacts } from '../compare/study-comparison.js';
import type { StudyRun } from '../domain/comparison.js';
import { RollproofError } from '../domain/errors.js';
import type { RunResult } from '../domain/result.js';
import { readFacts } from '../journal/facts.js';
import type { RunStarted, StudyHeader, StudyLog } from './study-file.js';

/** One attempt with its judgement, as a study counts it. */
export function studyRunOf(started: RunStarted, result: RunResult): StudyRun {
  const { block, variant, attempt, dir } = started;
  const counted = result.verdict.kind === 'PASS' || result.verdict.kind === 'FAIL';
  return { block, variant, attempt, counted, summary: runSummary(result, dir) };
}

/**
 * The runs of a study, judged again from their own facts, so that a study says tomorrow what it says today.
 * @throws RollproofError RUN_DIRECTORY_INVALID when a run that ended is gone.
 */
export function studyRuns(dir: string, log: StudyLog): StudyRun[] {
  return log.started
    .filter((s) => log.ended.has(s.dir))
    .map((started) => {
      try {
        return studyRunOf(started, analyze(readFacts(join(dir, started.dir), 'judged')));
      } catch (cause) {
        if (!(cause instanceof RollproofError)) throw cause;
        throw new RollproofError(cause.code, `the study ${dir} misses a run: ${cause.message}`, {
          hint: 'a study is judged from the facts of all its runs; bring the directory back',
          cause,
        });
      }
    });
}

/** Runs that were cut before the study wrote down their end, but are whole on disk: nothing done is done again. */
export function adoptable(dir: string, log: StudyLog): RunStarted[] {
  return log.started.filter((s) => !log.ended.has(s.dir)).filter((s) => isWhole(join(dir, s.dir)));
}

function isWhole(runDir: string): boolean {
  try {
    const facts = readFacts(runDir);
    const isCut = facts.events.some((e) => e.kind === 'interrupted');
    return (
      !isCut && facts.eventsComplete && facts.events.some((e) => e.kind === 'run-ended' && e.deploy === 'complete')
    );
  } catch (neverBegun) {
    void neverBegun;
    return false;
  }
}

export function studyFacts(header: StudyHeader, runs: readonly StudyRun[]): StudyFacts {
  const { variants, repeats, seed } = header;
  return {
    name: header.name,
    place: header.place,
    toolVersion: header.toolVersion,
    startedAt: header.startedAt,
    command: header.command,
    scenarioFile: header.scenarioFile,
    design: { variants: variants.length, repeats, seed },
    variants,
    targets: header.targets,
    sleeps: header.sleeps ?? header.targets,
    current: header.current,
    alpha: header.alpha,
    limit: header.limit,
    runs,
  };
}
