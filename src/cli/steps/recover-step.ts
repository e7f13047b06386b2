import { EXIT } from '../../domain/errors.js';
import type { RunEvent } from '../../domain/event.js';
import type { Target } from '../../domain/target.js';
import { readJournal } from '../../journal/journal-reader.js';
import { signalProcess } from '../../pipeline/deployers/process-group.js';
import { balancerFor } from '../../run/compose.js';
import { joinShared, lockHolder, runsHere } from '../../run/lock.js';
import type { Io } from '../io.js';
import { backInService } from '../reconcile.js';
import { recoverJournal } from '../recover-journal.js';
import { probeOf } from '../recover-run.js';
import { retriesOf } from '../retries.js';
import { closeRun } from './close-run.js';
import type { StepRun } from './run-name.js';
import { oneStepAtATime, sharedLock, stepLockFile } from './step.js';
import { clearedOut, reportTo } from './step-report.js';
import { endedWithin } from './traffic-stop.js';

export interface RecoverStep {
  readonly run: StepRun;
  /** Null = no report. */
  readonly out: string | null;
  readonly wait: boolean;
  readonly killRunning: boolean;
}

/** A stage that is told to stop attaches what is out first: API retries, a restarting application. */
const WAY_OUT_MS = 120_000;
const SECOND_MS = 10_000;

/**
 * Attaches what the run left out; exit code 0 when nothing is out any more, 3 otherwise. With `killRunning` the step that is
 * at work is ended first, by its own way out where it has one, and the run is over afterwards.
 */
export async function recoverStep({ run, out, wait, killRunning }: RecoverStep, io: Io): Promise<number> {
  if (out !== null) clearedOut(out, 'recover');
  const { header } = run.journal;
  const { scenario, runId } = header;
  if (killRunning) await endRunningStep(run.dir, io);
  const release = oneStepAtATime(run.dir, 'recover', io);
  const balancer = balancerFor(scenario, null, retriesOf(io));
  let missing: readonly string[];
  try {
    const lock = sharedLock(scenario, runId, io);
    const leave = lock === null ? () => undefined : joinShared(lock, false);
    try {
      missing = await attachedAgain(run, wait, balancer, io);
    } finally {
      leave();
      release();
    }
    if (killRunning) await closeRun(run, 'the run was ended by rollproof recover --kill-running', balancer, io);
  } finally {
    balancer.close();
  }
  if (out !== null) await reportTo(out, run.dir);
  return missing.length === 0 ? EXIT.pass : EXIT.refused;
}

/** @returns who is still out, or not in service. */
async function attachedAgain(
  { dir }: StepRun,
  wait: boolean,
  balancer: ReturnType<typeof balancerFor>,
  io: Io,
): Promise<readonly string[]> {
  // Read again: the step that was ended has written since.
  const { scenario } = readJournal(dir).header;
  let isNothing = true;
  const tell = (line: string) => {
    isNothing = false;
    io.stdout.write(`${line}\n`);
  };
  const { targets, still, greenIn } = await recoverJournal(dir, balancer, probeOf(scenario), io, { tell });
  if (isNothing) io.stdout.write('nothing is detached\n');
  const back = wait ? backAgain(scenario.targets, targets, readJournal(dir).events) : [];
  const missing = back.length === 0 ? [] : await backInService(back, scenario, balancer, io);
  return [...still, ...greenIn, ...missing];
}

/** Who was out and was attached: here, or by a stage on its own way out, and may not be in service yet either. */
function backAgain(all: readonly Target[], here: readonly Target[], events: readonly RunEvent[]): readonly Target[] {
  const done = events.flatMap((e) => (e.kind === 'balancer-call' && e.error === null ? [e] : []));
  return all.filter((target) => {
    const mine = done.filter((call) => call.target === target.id);
    const wasOut = here.includes(target) || mine.some((call) => call.operation === 'detach');
    return wasOut && mine.at(-1)?.operation === 'attach';
  });
}

/** By its own lock, which knows the process's birth: a later process with its number is never hit. */
async function endRunningStep(dir: string, io: Io): Promise<void> {
  const held = lockHolder(stepLockFile(dir), io.wallTime());
  if (held === null || !runsHere(held.holder)) return;
  const { pid, born, runId: work } = held.holder;
  for (const [signal, ms] of [
    ['SIGTERM', WAY_OUT_MS],
    ['SIGTERM', SECOND_MS],
    ['SIGKILL', SECOND_MS],
  ] as const) {
    io.stderr.write(`${signal} to ${work} (pid ${pid})\n`);
    if (!signalProcess(pid, born, signal) || (await endedWithin({ pid, born }, ms, work, io))) return;
  }
}
