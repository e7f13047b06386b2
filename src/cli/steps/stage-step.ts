import { EXIT, RollproofError } from '../../domain/errors.js';
import type { RunEvent } from '../../domain/event.js';
import type { EventSink } from '../../domain/ports.js';
import type { Scenario } from '../../domain/scenario.js';
import type { Clock, Instant } from '../../domain/time.js';
import { formatDuration } from '../../domain/time.js';
import { pipelineOf } from '../../pipeline/compile.js';
import { longestRequestMs } from '../../pipeline/deadlines.js';
import { asRollproofError, type PipelineEnd, runPipeline } from '../../pipeline/runner.js';
import { changeOf, cutStep, restOfStage, type StagePart } from '../../pipeline/step-range.js';
import { balancerFor, deployerFor, probeFor } from '../../run/compose.js';
import { joinShared } from '../../run/lock.js';
import { isTrafficRunning, trafficSnapshot } from '../../run/traffic-process.js';
import { snapshotTraffic } from '../../run/traffic-view.js';
import { errorText } from '../error-text.js';
import type { Io } from '../io.js';
import { type LiveDisplay, liveDisplay } from '../live.js';
import { retriesOf } from '../retries.js';
import { onStopSignals, type StopSignals } from '../stop-signals.js';
import { tellWhatIsLeft } from './close-run.js';
import { requiredRun, type StepRun } from './run-name.js';
import { assertGoesOn, beginPart, factsOf, oneStepAtATime, orExitCode, sameScenario, sharedLock } from './step.js';
import { clearedOut, reportPath, reportTo } from './step-report.js';

export interface StageStep {
  readonly kind: 'stage' | 'detach' | 'deploy' | 'attach';
  /** Of the stage, or of the target. */
  readonly name: string;
  readonly scenario: Scenario;
  readonly runId: string;
  readonly out: string;
}

/** How often the traffic's process is looked after. */
const LOOK_MS = 500;

/** Does a stage (or one change of it), under the run's traffic. Exit code 0 when it is done, 3 when it was refused or failed. */
export async function stageStep(step: StageStep, io: Io): Promise<number> {
  const work = `${step.kind} ${step.name}`;
  clearedOut(step.out, work);
  const run = requiredRun(step.runId, io.env);
  const release = oneStepAtATime(run.dir, work, io);
  try {
    // Again under the lock: another step may have just ended.
    const code = await orExitCode(() => doneUnderLock(step, work, requiredRun(step.runId, io.env), io), io);
    await reportTo(step.out, run.dir);
    io.stdout.write(`partial report: ${reportPath(step.out, io.cwd)}\n`);
    return code;
  } finally {
    release();
  }
}

async function doneUnderLock(step: StageStep, work: string, run: StepRun, io: Io): Promise<number> {
  assertGoesOn(run);
  const scenario = sameScenario(step.scenario, run);
  const { events } = run.journal;
  const cut = cutStep(events);
  if (cut !== null) {
    // What it started may still be at work: a deploy command outlives its rollproof.
    throw new RollproofError('STEP_FAILED', `the process that did ${cut} ended in the middle of it`, {
      hint: 'rollproof recover attaches what is out; then begin anew with rollproof preflight',
    });
  }
  const pipeline = pipelineOf(scenario, factsOf(run));
  const part =
    step.kind === 'stage' ? restOfStage(pipeline, step.name, events) : changeOf(pipeline, step.kind, step.name, events);
  if (part === null) {
    io.stdout.write(`${work}: done already\n`);
    return EXIT.pass;
  }
  if (!isTrafficRunning(run.dir)) {
    throw new RollproofError('STEP_FAILED', 'no traffic runs: nobody would see what this step does to requests', {
      hint: 'rollproof traffic start --detach; when it has run and ended: rollproof recover, then begin anew',
    });
  }
  const lock = sharedLock(scenario, step.runId, io);
  const leave = lock === null ? () => undefined : joinShared(lock, false);
  try {
    return await rolled(part, work, scenario, run, io);
  } finally {
    leave();
  }
}

async function rolled(part: StagePart, work: string, scenario: Scenario, run: StepRun, io: Io): Promise<number> {
  const retries = retriesOf(io);
  const balancer = balancerFor(scenario, null, retries);
  const { writer, clock } = beginPart(run, work, io);
  const live = liveDisplay(scenario, clock, {}, io);
  const known: RunEvent[] = [...run.journal.events];
  const events: EventSink = {
    append(event) {
      known.push(event);
      live.event(event);
      writer.append(event);
    },
  };
  retries.journal(events, clock);
  const signals = onStopSignals({ scenario, balancer, events: known, live, io });
  const halt = new AbortController();
  signals.stop.addEventListener('abort', () => onStop(signals, events, clock, halt), { once: true });
  const watch = setInterval(() => {
    if (!isTrafficRunning(run.dir)) halt.abort(trafficGone());
  }, LOOK_MS);
  try {
    await baseline(known, scenario, clock, halt.signal, io);
    const deps = { events, clock, balancer, live, signals, halt: halt.signal };
    // Once anything has been done, a stop has a way out to go, and that is the runner's.
    const isIdle = halt.signal.aborted && !known.some((e) => e.kind === 'step-intent');
    const end = isIdle ? notBegun(halt.signal) : await runPart(part, scenario, run, deps, io);
    live.end();
    if (end.error !== null && end.error.code !== 'INTERRUPTED') io.stderr.write(errorText(end.error, io));
    if (end.error !== null) tellWhatIsLeft(run, balancer, io);
    return signals.exitCode() ?? end.error?.exitCode ?? EXIT.pass;
  } finally {
    clearInterval(watch);
    live.end();
    signals.release();
    writer.close();
    balancer.close();
  }
}

/** Stopped while the baseline was waited for: as in `run`, nothing of the deploy has begun then. */
function notBegun({ reason }: AbortSignal): PipelineEnd {
  const error =
    reason instanceof RollproofError ? reason : new RollproofError('INTERRUPTED', 'stopped before the first step');
  return { deploy: 'not-started', stillDetached: [], error };
}

function trafficGone(): RollproofError {
  return new RollproofError('STEP_FAILED', 'the traffic process is gone: nobody sees what happens to requests', {
    hint: 'see traffic.log in the run directory, then begin anew',
  });
}

function onStop({ stop }: StopSignals, events: EventSink, clock: Clock, halt: AbortController): void {
  try {
    if (!(stop.reason instanceof RollproofError)) {
      const signal = stop.reason === 'SIGTERM' || stop.reason === 'SIGHUP' ? stop.reason : 'SIGINT';
      events.append({ kind: 'interrupted', at: clock.now(), signal });
    }
  } finally {
    halt.abort(stop.reason);
  }
}

/** The first detach waits until the traffic has shown what the service does without a deploy. */
async function baseline(
  events: readonly RunEvent[],
  { traffic }: Scenario,
  clock: Clock,
  halt: AbortSignal,
  io: Pick<Io, 'stderr'>,
): Promise<void> {
  if (events.some((e) => e.kind === 'step-intent')) return;
  const started = events.reduce<Instant>((at, e) => (e.kind === 'traffic-started' ? Math.max(at, e.at) : at), 0);
  const waitMs = started + traffic.warmUpMs + traffic.baselineMs - clock.now();
  if (waitMs <= 0) return;
  io.stderr.write(`baseline: traffic alone for another ${formatDuration(waitMs)}\n`);
  await clock.sleep(waitMs, halt);
}

interface PartDeps {
  readonly events: EventSink;
  readonly clock: Clock;
  readonly balancer: ReturnType<typeof balancerFor>;
  readonly live: LiveDisplay;
  readonly signals: StopSignals;
  readonly halt: AbortSignal;
}

async function runPart(
  { stage, part }: StagePart,
  scenario: Scenario,
  run: StepRun,
  { events, clock, balancer, live, signals, halt }: PartDeps,
  io: Io,
): Promise<PipelineEnd> {
  const { header } = run.journal;
  const deployer = deployerFor(scenario, {
    dir: run.dir,
    giveUp: signals.giveUp,
    env: io.env,
    self: io.self,
    clock,
    monotonicOriginNs: BigInt(header.monotonicOriginNs),
    onOutput: live.output,
  });
  try {
    return await runPipeline(
      { stages: [stage] },
      {
        balancer,
        deployer: deployer(events),
        events,
        clock,
        targets: scenario.targets,
        rollout: scenario.rollout,
        runId: header.runId,
        probe: probeFor(scenario),
        traffic: snapshotTraffic(() => trafficSnapshot(run.dir)),
        members: factsOf(run).members,
        longestRequestMs: longestRequestMs(scenario),
        before: run.journal.events,
        part,
      },
      halt,
      signals.giveUp,
    );
  } catch (cause) {
    return { deploy: 'failed', stillDetached: [], error: asRollproofError(cause) };
  }
}
