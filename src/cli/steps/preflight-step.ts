import { redactScenario } from '../../config/redaction.js';
import { EXIT, RollproofError } from '../../domain/errors.js';
import { type EngineFacts, EVENT_SCHEMA_VERSION, type RunHeader } from '../../domain/event.js';
import type { Balancer } from '../../domain/ports.js';
import type { Scenario } from '../../domain/scenario.js';
import { openEventWriter } from '../../journal/event-writer.js';
import { createRunDirectory, runPaths } from '../../journal/run-directory.js';
import { pipelineOf } from '../../pipeline/compile.js';
import { realClock } from '../../run/clock.js';
import { thisOrigin } from '../../run/clock-origin.js';
import { balancerFor, effectiveScenario, engineFor } from '../../run/compose.js';
import { gitRevision } from '../../run/git-revision.js';
import { writeLastRun } from '../../run/last-run.js';
import { isTrafficRunning } from '../../run/traffic-process.js';
import { balancerFiles } from '../balancer-lock.js';
import type { Io } from '../io.js';
import { lookBefore, type Seen } from '../look-before.js';
import { powerProblemsText } from '../plan.js';
import { reconcile } from '../reconcile.js';
import type { PassLookup } from '../required-pass.js';
import { retriesOf } from '../retries.js';
import { engineProof } from '../self-test-store.js';
import { endingAfter } from '../stop-signals.js';
import { findingsText } from '../summary.js';
import { toolVersion } from '../version.js';
import { closeRun } from './close-run.js';
import { currentRun, isRerun, runsRoot } from './run-name.js';
import { endRunLock, sharedLock, takeRunLock } from './step.js';
import { clearedOut, reportTo } from './step-report.js';

export interface PreflightStep {
  readonly runId: string;
  readonly file: string;
  readonly scenario: Scenario;
  readonly out: string;
  readonly force: boolean;
  readonly lookup: Pick<PassLookup, 'pass' | 'waived'>;
}

/**
 * Begins a run that separate processes do: takes the lock for all of them, attaches what an earlier run left out, asks the
 * balancer and writes down what it says. Exit code 0, 3 when something speaks against it, 2 when it could not PASS anyway.
 */
export async function preflightStep(step: PreflightStep, io: Io): Promise<number> {
  clearedOut(step.out, 'preflight');
  const problems = powerProblemsText(step.scenario);
  if (problems !== null && !step.force) {
    io.stderr.write(`${problems}nothing was touched (--force begins the run all the same)\n`);
    return EXIT.inconclusive;
  }
  const scenario = effectiveScenario(step.scenario, null);
  const engine = await engineFor(scenario, io.env);
  const { capabilities, tools = {} } = engine;
  // Before the lock, as in `run`: an engine that does not see what it vouches for may not begin anything.
  const facts: EngineFacts = { capabilities, selfTest: await engineProof(scenario.traffic, engine, io) };
  const lock = sharedLock(scenario, step.runId, io);
  if (lock === null) throw new Error('a lab of the scenario’s own cannot be rolled step by step');
  const balancer = balancerFor(scenario, null, retriesOf(io));
  try {
    await assertFree(step, balancer, io);
    const leave = await takeRunLock(lock, scenario, balancer, io);
    const giveBack = () => endRunLock(scenario, step.runId, balancer, io);
    const signals = endingAfter('no target was detached, the lock is given back', giveBack, io);
    let begun = false;
    try {
      await reconcile(scenario, balancer, io);
      begun = await lookedAndBegun(step, scenario, balancer, { tools, engine: facts }, io);
      if (signals.begun()) return await new Promise<never>(() => undefined);
      return begun ? EXIT.pass : EXIT.refused;
    } finally {
      signals.off();
      leave();
      if (!begun) await giveBack();
    }
  } finally {
    balancer.close();
  }
}

/** An attempt of the same run that is not over: of a rerun it is closed, else it is under way. */
async function assertFree({ runId }: PreflightStep, balancer: Balancer, io: Io): Promise<void> {
  const before = currentRun(runId, io.env);
  if (before === null || before.journal.events.some((e) => e.kind === 'run-ended')) return;
  if (isTrafficRunning(before.dir) && !isRerun(io.env)) {
    throw new RollproofError('STEP_FAILED', `the run ${runId} is under way (${before.dir})`, {
      hint: 'go on with its stages; to begin anew, first: rollproof recover --kill-running',
    });
  }
  await closeRun(before, 'the run was begun anew', balancer, io);
}

/** @returns whether the run may go on. */
async function lookedAndBegun(
  step: PreflightStep,
  scenario: Scenario,
  balancer: Balancer,
  { tools, engine }: { readonly tools: Readonly<Record<string, string>>; readonly engine: EngineFacts },
  io: Io,
): Promise<boolean> {
  const startedAt = io.wallTime();
  const originNs = io.monotonicNs();
  const lookup = { ...step.lookup, out: runsRoot(io.env), now: startedAt };
  const seen = await lookBefore(scenario, balancer, lookup, io);
  const refused = seen.findings.some((f) => f.level === 'refused');
  const dir = createRunDirectory(runsRoot(io.env), step.runId, startedAt);
  const header: RunHeader = {
    kind: 'header',
    schemaVersion: EVENT_SCHEMA_VERSION,
    toolVersion: toolVersion(),
    runId: step.runId,
    startedAtWall: startedAt.toISOString(),
    monotonicOriginNs: originNs.toString(),
    scenario: redactScenario(scenario),
    scenarioFile: step.file,
    command: ['rollproof', 'preflight', step.file],
    gitRevision: gitRevision(io.cwd, io.env),
    tools: { ...io.tools, ...tools },
    engine,
    steps: { stages: pipelineOf(scenario, seen.facts).stages.map((s) => s.name), origin: thisOrigin() },
  };
  written(dir, header, seen, step.force);
  const files = balancerFiles(scenario, io.env);
  if (files !== null) writeLastRun(files.lastRun, { dir, runId: step.runId });
  io.stdout.write(findingsText(seen.findings));
  io.stdout.write(`run ${step.runId}: ${dir}\n`);
  const mayGoOn = !refused || step.force;
  if (!mayGoOn) {
    await closeRun({ dir, ...again(step, io) }, 'the preflight refused', balancer, io);
    io.stderr.write('preflight refused; nothing was touched (--force begins the run all the same)\n');
  }
  await reportTo(step.out, dir);
  return mayGoOn;
}

function again({ runId }: PreflightStep, io: Io) {
  const run = currentRun(runId, io.env);
  if (run === null) throw new Error(`the run ${runId} was just begun`);
  return { journal: run.journal };
}

function written(dir: string, header: RunHeader, { facts, findings }: Seen, forced: boolean): void {
  const writer = openEventWriter(runPaths(dir).events);
  const clock = realClock(BigInt(header.monotonicOriginNs));
  try {
    writer.append(header);
    writer.append({ kind: 'balancer-facts', at: clock.now(), facts }, { sync: true });
    writer.append({ kind: 'preflight', at: clock.now(), findings, forced }, { sync: true });
  } finally {
    writer.close();
  }
}
