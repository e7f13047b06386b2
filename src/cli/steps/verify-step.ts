import { RollproofError } from '../../domain/errors.js';
import type { RunEvent } from '../../domain/event.js';
import { formatDuration } from '../../domain/time.js';
import { cutStep } from '../../pipeline/step-range.js';
import { clockAfter, clockProblem } from '../../run/clock-origin.js';
import { balancerFor } from '../../run/compose.js';
import { AFTERGLOW_MS } from '../../run/run-scenario.js';
import { isTrafficRunning } from '../../run/traffic-process.js';
import type { Io } from '../io.js';
import { retriesOf } from '../retries.js';
import { printResult } from '../summary.js';
import { closeRun, tellWhatIsLeft } from './close-run.js';
import { requiredRun, type StepRun } from './run-name.js';
import { isStepRunning } from './step.js';
import { clearedOut, reportPath, reportTo } from './step-report.js';

export interface VerifyStep {
  readonly runId: string;
  readonly out: string;
  readonly stopTraffic: boolean;
  readonly partial: boolean;
  readonly json: boolean;
}

const BEAT_MS = 20_000;

/**
 * Judges the run; the exit code is the verdict. Ends it first, unless it is asked for a part only and the run can still
 * come to its end. A run that is over is judged again by the same facts.
 */
export async function verifyStep(step: VerifyStep, io: Io): Promise<number> {
  clearedOut(step.out, 'verify');
  const run = requiredRun(step.runId, io.env);
  if (!isOver(run.journal.events)) await ended(step, run, io);
  const derived = await reportTo(step.out, run.dir);
  printResult(derived, run.dir, { json: step.json }, io);
  io.stderr.write(`report: ${reportPath(step.out, io.cwd)}\n`);
  return derived.result.verdict.exitCode;
}

async function ended({ partial, stopTraffic }: VerifyStep, run: StepRun, io: Io): Promise<void> {
  const { header, events } = run.journal;
  const balancer = balancerFor(header.scenario, null, retriesOf(io));
  try {
    if (partial) {
      if (hasFailed(events, run, io)) return await closeRun(run, null, balancer, io);
      io.stderr.write('the run is not over: this report is partial, and proves nothing yet\n');
      tellWhatIsLeft(run, balancer, io);
      return;
    }
    if (isTrafficRunning(run.dir) && !stopTraffic) {
      throw new RollproofError('STEP_FAILED', 'the traffic still runs, so the run is not over', {
        hint: 'add --stop-traffic to end it, or --partial for a report of what there is so far',
      });
    }
    if (isTrafficRunning(run.dir)) await settled(run, io);
    await closeRun(run, null, balancer, io);
  } finally {
    balancer.close();
  }
}

/** Whether the run cannot come to its end any more. */
function hasFailed(events: readonly RunEvent[], run: StepRun, io: Io): boolean {
  return (
    events.some((e) => e.kind === 'step-failed' || e.kind === 'interrupted' || e.kind === 'recovery') ||
    clockProblem(run.journal.header) !== null ||
    (cutStep(events) !== null && !isStepRunning(run.dir, io)) ||
    !isTrafficRunning(run.dir)
  );
}

/** The judged window ends some time after the last stage, and traffic has to watch it to its end. */
async function settled({ journal: { header, events } }: StepRun, io: Io): Promise<void> {
  const last = events.reduce((at, e) => (e.kind === 'stage-ended' ? Math.max(at, e.at) : at), Number.NEGATIVE_INFINITY);
  if (!Number.isFinite(last)) return;
  const clock = clockAfter(header, last);
  const waitMs = last + header.scenario.traffic.settleMs + AFTERGLOW_MS - clock.now();
  if (waitMs <= 0) return;
  const say = () => io.stderr.write(`settling: traffic alone for ${formatDuration(waitMs)} after the last stage\n`);
  say();
  const beat = setInterval(say, BEAT_MS);
  try {
    await clock.sleep(waitMs);
  } finally {
    clearInterval(beat);
  }
}

function isOver(events: readonly RunEvent[]): boolean {
  return events.some((e) => e.kind === 'run-ended');
}
