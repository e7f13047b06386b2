import { join, relative } from 'node:path';
import { type NextRun, nextRun, slotsLeft } from '../compare/study-plan.js';
import type { StudyRun } from '../domain/comparison.js';
import { EXIT } from '../domain/errors.js';
import type { RunResult } from '../domain/result.js';
import type { Scenario } from '../domain/scenario.js';
import { plainLine } from '../report/plain-text.js';
import { acquireLock } from '../run/lock.js';
import { attemptScenario, runTimeMs, type Versions } from './compare-scenario.js';
import { WASHOUT_MS } from './compare-washout.js';
import { appendHistory } from './history-file.js';
import type { Io } from './io.js';
import { endingAtOnce } from './stop-signals.js';
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
  /** No run is begun that would end later than this after the command began, ms; null: none is left out. */
  readonly budgetMs: number | null;
  /** Where history.jsonl is. */
  readonly historyRoot: string;
  readonly quiet: boolean;
}

/** How running a study ended. */
export interface StudyEnd {
  /** 0 when it went as it should, else the exit code of the run that ended it: a signal, a refusal. */
  readonly code: number;
  /** Runs the budget left out. */
  readonly leftOut: number;
}

/**
 * Runs what the plan still asks for; every run is on disk before the next begins. A study that was ended early goes on
 * with the same command. A signal between runs finds nothing to undo and ends at once; within one the run handles it.
 */
export async function runStudy(job: StudyJob, io: Io): Promise<StudyEnd> {
  const release = acquireLock(job.dir, 'study', `the study ${job.dir}`, io.wallTime());
  const writer = openStudy(job.dir);
  const idle = betweenRuns(job.dir, io);
  try {
    idle.begins();
    const log = readStudy(job.dir);
    for (const { dir } of adoptable(job.dir, log)) writer.append({ kind: 'run-ended', dir });
    const runs = studyRuns(job.dir, readStudy(job.dir));
    return await remaining(job, log.header, runs, { writer, idle, io });
  } finally {
    idle.ends();
    writer.close();
    release();
  }
}

async function remaining(
  job: StudyJob,
  header: StudyHeader,
  runs: StudyRun[],
  {
    writer,
    idle,
    io,
  }: { readonly writer: StudyWriter; readonly idle: ReturnType<typeof betweenRuns>; readonly io: Io },
): Promise<StudyEnd> {
  const design = { variants: header.variants.length, repeats: header.repeats, seed: header.seed };
  const progress = studyProgress(header, io, job.quiet);
  const clock = budgetClock(job, io);
  for (;;) {
    const attempts = runs.map((r) => ({ block: r.block, variant: r.variant, verdict: r.summary.verdict }));
    const next = nextRun(design, attempts);
    if (next === null) return { code: EXIT.pass, leftOut: 0 };
    const left = slotsLeft(design, attempts).map((slot) => expectedOf(job, slot.variant));
    if (clock.isUsedUp(left[0] ?? 0)) return { code: EXIT.pass, leftOut: left.length };
    await job.washout();
    // Only a whole deploy changes the version: one that was cut is finished first.
    const rolled = runs.filter((r) => r.summary.deployComplete).length;
    progress.starts(next, runs, left);
    idle.ends();
    const versions = job.versions[rolled % 2 === 0 ? 0 : 1];
    const { code, run } = await oneRun(job, header, next, versions, writer).finally(() => progress.stops());
    idle.begins();
    if (run === null) return { code, leftOut: 0 };
    clock.took(left[0] ?? 0);
    runs.push(run);
    progress.ended(run);
    const note = appendHistory(job.historyRoot, run.summary, true);
    if (note !== null) io.stderr.write(`note: ${note}\n`);
  }
}

/** While no run is under way, a signal only has to say that nothing is lost. */
function betweenRuns(dir: string, io: Io) {
  let off: (() => void) | null = null;
  return {
    begins() {
      off ??= endingAtOnce(`no run was under way; go on with: rollproof compare --resume ${plainLine(dir)}`, io);
    },
    ends() {
      off?.();
      off = null;
    },
  };
}

/** Holds a budget against what runs took so far, by the factor they took longer or shorter than reckoned. */
function budgetClock({ budgetMs }: StudyJob, io: Io) {
  const began = io.monotonicNs();
  const elapsedMs = (): number => Number(io.monotonicNs() - began) / 1e6;
  let [reckonedMs, spentMs] = [0, 0];
  return {
    isUsedUp(nextMs: number): boolean {
      const factor = reckonedMs > 0 ? spentMs / reckonedMs : 1;
      return budgetMs !== null && elapsedMs() + nextMs * factor > budgetMs;
    },
    took(expectedMs: number) {
      reckonedMs += expectedMs;
      spentMs = elapsedMs();
    },
  };
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
