import { join, relative } from 'node:path';
import { type NextRun, nextRun, slotsLeft } from '../compare/study-plan.js';
import type { StudyRun } from '../domain/comparison.js';
import { EXIT } from '../domain/errors.js';
import type { RunResult } from '../domain/result.js';
import type { Scenario } from '../domain/scenario.js';
import { acquireLock } from '../run/lock.js';
import { attemptScenario, runTimeMs, type Versions } from './compare-scenario.js';
import { WASHOUT_MS } from './compare-washout.js';
import { appendHistory } from './history-file.js';
import type { Io } from './io.js';
import { adoptable, studyRunOf, studyRuns } from './study-facts.js';
import { openStudy, readStudy, type StudyHeader, type StudyWriter } from './study-file.js';
import { studyProgress } from './study-progress.js';

/** One run of a study, from scenario to judged facts; `code` is the run's own exit code. */
export type Conduct = (
  scenario: Scenario,
  out: string,
  onDirectory: (dir: string) => void,
) => Promise<{ readonly code: number; readonly result: RunResult | null }>;

export interface StudyJob {
  readonly dir: string;
  /** One per variant, as the study runs it. */
  readonly scenarios: readonly Scenario[];
  readonly versions: readonly [Versions, Versions];
  readonly deployGuessMs: number;
  readonly conduct: Conduct;
  /** Waits until the last run has worn off. */
  readonly washout: () => Promise<void>;
  /** Where history.jsonl is. */
  readonly historyRoot: string;
  readonly quiet: boolean;
}

/**
 * Runs what the plan still asks for; every run is on disk before the next begins. Returns 0 when the plan is done, else
 * the exit code of the run that ended it (a signal, a refusal): the study then goes on with the same command.
 */
export async function runStudy(job: StudyJob, io: Io): Promise<number> {
  const release = acquireLock(job.dir, 'study', `the study ${job.dir}`, io.wallTime());
  const writer = openStudy(job.dir);
  try {
    const log = readStudy(job.dir);
    for (const { dir } of adoptable(job.dir, log)) writer.append({ kind: 'run-ended', dir });
    const runs = studyRuns(job.dir, readStudy(job.dir));
    return await remaining(job, log.header, runs, writer, io);
  } finally {
    writer.close();
    release();
  }
}

async function remaining(
  job: StudyJob,
  header: StudyHeader,
  runs: StudyRun[],
  writer: StudyWriter,
  io: Io,
): Promise<number> {
  const design = { variants: header.variants.length, repeats: header.repeats, seed: header.seed };
  const progress = studyProgress(header, io, job.quiet);
  for (;;) {
    const attempts = runs.map((r) => ({ block: r.block, variant: r.variant, verdict: r.summary.verdict }));
    const next = nextRun(design, attempts);
    if (next === null) return EXIT.pass;
    await job.washout();
    // Only a whole deploy changes the version: one that was cut is finished first.
    const rolled = runs.filter((r) => r.summary.deployComplete).length;
    const left = slotsLeft(design, attempts).map((slot) => expectedOf(job, slot.variant));
    progress.starts(next, runs, left);
    const { code, run } = await oneRun(job, header, next, job.versions[rolled % 2 === 0 ? 0 : 1], writer);
    if (run === null) {
      progress.stops(code);
      return code;
    }
    runs.push(run);
    progress.ended(run);
    const note = appendHistory(job.historyRoot, run.summary, true);
    if (note !== null) io.stderr.write(`note: ${note}\n`);
  }
}

function expectedOf(job: StudyJob, variant: number): number {
  const scenario = job.scenarios[variant]!;
  return runTimeMs(scenario, job.deployGuessMs, scenario.balancer.kind === 'lab' ? 0 : WASHOUT_MS);
}

/** Null `run`: the run was stopped or refused, and nothing is counted. */
async function oneRun(
  job: StudyJob,
  header: StudyHeader,
  next: NextRun,
  versions: Versions,
  writer: StudyWriter,
): Promise<{ readonly code: number; readonly run: StudyRun | null }> {
  const scenario = attemptScenario(job.scenarios[next.variant]!, versions, header.seed, next);
  let dir: string | null = null;
  const { code, result } = await job.conduct(scenario, join(job.dir, 'runs'), (made) => {
    dir = relative(job.dir, made).replaceAll('\\', '/');
    writer.append({ kind: 'run-started', ...next, dir });
  });
  const isStopped = code !== EXIT.pass && code !== EXIT.fail && code !== EXIT.inconclusive;
  if (result === null || dir === null || isStopped) return { code, run: null };
  writer.append({ kind: 'run-ended', dir });
  return { code, run: studyRunOf({ kind: 'run-started', ...next, dir }, result) };
}
