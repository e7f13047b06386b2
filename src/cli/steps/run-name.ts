import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { RollproofError } from '../../domain/errors.js';
import type { Scenario } from '../../domain/scenario.js';
import { type JournalFacts, readJournal } from '../../journal/journal-reader.js';
import { runPaths, safeName } from '../../journal/run-directory.js';
import { stateDir } from '../balancer-lock.js';
import type { Io } from '../io.js';
import { type ResolveOptions, resolveOverrides } from '../resolve-option.js';
import { scenarioFrom } from '../run.js';

/** Options of every step-by-step command. */
export interface StepOptions {
  readonly runId?: string;
  readonly out?: string;
}

/** Of a step that is given the scenario: all of one run are given the same. */
export interface PlannedOptions extends StepOptions, ResolveOptions {}

/** Where the report of a step goes: what a CI server keeps of a job. */
const OUT = 'rollproof-out';

export function withStepOptions(command: Command): Command {
  return command
    .option(
      '--run-id <id>',
      'name of the run its steps share; default ROLLPROOF_RUN_ID, on GoCD GO_PIPELINE_NAME-GO_PIPELINE_COUNTER',
    )
    .option('-o, --out <dir>', `where the report goes (default: ${OUT})`);
}

/** The name the processes of one run find each other by; null when nobody gave one. */
export function runIdOf({ runId }: StepOptions, env: Io['env']): string | null {
  const given = runId ?? env.ROLLPROOF_RUN_ID;
  if (given !== undefined && given !== '') return given;
  const { GO_PIPELINE_NAME: pipeline, GO_PIPELINE_COUNTER: counter } = env;
  return pipeline && counter ? `${pipeline}-${counter}` : null;
}

export function requiredRunId(options: StepOptions, env: Io['env']): string {
  const id = runIdOf(options, env);
  if (id !== null) return id;
  throw new RollproofError('ARGUMENT_INVALID', 'which run does this step belong to? No run id is given', {
    hint: 'give --run-id or ROLLPROOF_RUN_ID, the same for every step of the run; GoCD gives one by itself',
  });
}

/** GoCD counts how often a stage of this pipeline run was started. */
export function isRerun({ GO_STAGE_COUNTER: counter }: Io['env']): boolean {
  return Number(counter ?? 1) > 1;
}

/** Who began the run, where the CI server says it. */
export function startedBy({ GO_TRIGGER_USER: user }: Io['env']): string | null {
  return user ? user : null;
}

export function outDir(options: StepOptions, io: Pick<Io, 'cwd'>): string {
  return resolve(io.cwd, options.out ?? OUT);
}

/** The scenario file: the argument, or ROLLPROOF_PLAN; of a folder the file named after ROLLPROOF_TARGET. */
export function planFile(argument: string | undefined, io: Pick<Io, 'env' | 'cwd'>): string {
  const { ROLLPROOF_PLAN: plan, ROLLPROOF_TARGET: environment } = io.env;
  const given = argument ?? plan;
  if (!given) {
    throw new RollproofError('ARGUMENT_INVALID', 'no scenario is given', {
      hint: 'name the scenario file, or set ROLLPROOF_PLAN to it',
    });
  }
  const isFolder = statSync(resolve(io.cwd, given), { throwIfNoEntry: false })?.isDirectory() === true;
  return isFolder && environment ? join(given, `${environment}.yaml`) : given;
}

/** Loads the plan; one of another environment than ROLLPROOF_TARGET names is a mix-up. */
export async function planned(
  argument: string | undefined,
  { resolve }: ResolveOptions,
  io: Io,
): Promise<{ file: string; scenario: Scenario }> {
  const file = planFile(argument, io);
  const scenario = await scenarioFrom(file, io, resolveOverrides(resolve));
  const { ROLLPROOF_TARGET: environment } = io.env;
  if (environment && scenario.environment !== environment) {
    throw new RollproofError(
      'ARGUMENT_INVALID',
      `${file} is a scenario of environment ${scenario.environment}, and ROLLPROOF_TARGET says ${environment}`,
      { hint: 'set ROLLPROOF_PLAN to the scenario of that environment, or a folder that holds it' },
    );
  }
  if (scenario.balancer.kind === 'lab') {
    throw new RollproofError(
      'ARGUMENT_INVALID',
      'a lab of the scenario’s own ends with the process that starts it: it cannot be rolled step by step',
      { hint: 'start one apart (rollproof lab --json) and name it as balancer, see docs/pipelines.md' },
    );
  }
  return { file, scenario };
}

/** Below it are the directories of step-by-step runs, `<run id>/<stamp>`. */
export function runsRoot(env: Io['env']): string {
  return join(stateDir(env), 'runs');
}

/** A run that steps share. */
export interface StepRun {
  readonly dir: string;
  readonly journal: JournalFacts;
}

/** The newest attempt of that run; null = it has not begun. */
export function currentRun(runId: string, env: Io['env']): StepRun | null {
  const folder = join(runsRoot(env), safeName(runId));
  if (!existsSync(folder)) return null;
  const newest = readdirSync(folder)
    .sort()
    .map((stamp) => join(folder, stamp))
    .filter((dir) => existsSync(runPaths(dir).events))
    .at(-1);
  if (newest === undefined) return null;
  const journal = readJournal(newest);
  if (journal.header.runId !== runId) {
    throw new RollproofError('ARGUMENT_INVALID', `${newest} belongs to the run ${journal.header.runId}, not ${runId}`, {
      hint: 'give run ids that differ in letters and digits',
    });
  }
  return { dir: newest, journal };
}

export function requiredRun(runId: string, env: Io['env']): StepRun {
  const run = currentRun(runId, env);
  if (run !== null) return run;
  throw new RollproofError('STEP_FAILED', `the run ${runId} has not begun in ${runsRoot(env)}`, {
    hint: 'begin it with rollproof preflight; every step needs the same run id, ROLLPROOF_STATE_DIR and host',
  });
}
