import { readFileSync } from 'node:fs';
import { EXIT, RollproofError } from '../../domain/errors.js';
import type { RunEvent } from '../../domain/event.js';
import type { Scenario } from '../../domain/scenario.js';
import { formatDuration } from '../../domain/time.js';
import { readJournal } from '../../journal/journal-reader.js';
import { plainLine } from '../../report/plain-text.js';
import { realClock } from '../../run/clock.js';
import { balancerFor, engineFor } from '../../run/compose.js';
import { startDetached } from '../../run/detached-process.js';
import { joinShared } from '../../run/lock.js';
import { isTrafficRunning, runTraffic, trafficLog, trafficPid } from '../../run/traffic-process.js';
import type { Io } from '../io.js';
import { expectedMs } from '../plan.js';
import { resolveArguments } from '../resolve-option.js';
import { retriesOf } from '../retries.js';
import { requiredRun, type StepRun } from './run-name.js';
import { assertGoesOn, beginPart, factsOf, oneStepAtATime, sameScenario, sharedLock } from './step.js';
import { clearedOut, reportTo } from './step-report.js';

export interface TrafficStart {
  readonly runId: string;
  readonly file: string;
  readonly scenario: Scenario;
  readonly out: string;
  readonly maxDurationMs: number;
  /** As `--resolve` was given. */
  readonly resolve: readonly string[];
}

/** A JVM or k6 may take its time. */
const START_MS = 60_000;
const POLL_MS = 50;
const BEAT_MS = 20_000;
const WATCH_MS = 2_000;
const WATCH_NEAR_MS = 400;

/** Starts the traffic as a process of its own and returns when it sends. Exit code 0 also when it runs already. */
export async function startTrafficDetached(start: TrafficStart, io: Io): Promise<number> {
  clearedOut(start.out, 'traffic start');
  const run = requiredRun(start.runId, io.env);
  const scenario = checkedStart(run, start);
  if (isTrafficRunning(run.dir)) {
    io.stdout.write(`the traffic runs already: pid ${trafficPid(run.dir)?.pid}\n`);
    await reportTo(start.out, run.dir);
    return EXIT.pass;
  }
  const release = oneStepAtATime(run.dir, 'traffic start', io);
  try {
    const { file, runId, out } = start;
    const again = ['traffic', 'start', file, '--run-id', runId, '--out', out, ...resolveArguments(start)];
    const argv = [...io.self, ...again, '--max-duration', `${start.maxDurationMs}ms`] as const;
    await sending(run, startDetached(argv, io.cwd, io.env, trafficLog(run.dir)), io);
  } finally {
    release();
  }
  const needed = expectedMs(scenario);
  if (needed > start.maxDurationMs) {
    io.stderr.write(
      `warning: the run takes about ${formatDuration(needed)} and more, its traffic ends after ${formatDuration(start.maxDurationMs)}: raise --max-duration\n`,
    );
  }
  io.stdout.write(
    `traffic runs: pid ${trafficPid(run.dir)?.pid}, ends by itself after ${formatDuration(start.maxDurationMs)}\n`,
  );
  await reportTo(start.out, run.dir);
  return EXIT.pass;
}

/** Once is all: a second source behind a gap could not show what the gap hid. */
function checkedStart(run: StepRun, { scenario, runId }: TrafficStart): Scenario {
  assertGoesOn(run);
  const same = sameScenario(scenario, run);
  if (trafficPid(run.dir) !== null && !isTrafficRunning(run.dir)) {
    throw new RollproofError(
      'STEP_FAILED',
      `the traffic of the run ${runId} has ended, and what nobody watched stays unknown`,
      {
        hint: 'rollproof recover attaches what is out; then begin anew with rollproof preflight',
      },
    );
  }
  return same;
}

/** @throws RollproofError STEP_FAILED with its last words when it ends, or does not send in time. */
async function sending(run: StepRun, child: ReturnType<typeof startDetached>, io: Io): Promise<void> {
  const clock = realClock(io.monotonicNs());
  const beat = setInterval(() => io.stderr.write('waiting for the traffic to start\n'), BEAT_MS);
  try {
    for (;;) {
      if (readJournal(run.dir).events.some((e) => e.kind === 'traffic-started')) return;
      const code = child.exitCode();
      const isLate = clock.now() > START_MS;
      if (code !== null || isLate) {
        const how = code === null ? `did not start within ${formatDuration(START_MS)}` : `ended with code ${code}`;
        const said = logTail(run.dir);
        throw new RollproofError('STEP_FAILED', `the traffic process ${how}${said === '' ? '' : `: ${said}`}`, {
          hint: `all it said is in ${trafficLog(run.dir)}`,
        });
      }
      await clock.sleep(POLL_MS);
    }
  } finally {
    clearInterval(beat);
  }
}

function logTail(dir: string): string {
  try {
    return plainLine(readFileSync(trafficLog(dir), 'utf8').trim().split('\n').slice(-3).join(' '), 400);
  } catch (silent) {
    void silent;
    return '';
  }
}

/**
 * Is the traffic of the run: sends until a signal, its longest duration or its own death. Holds the run's lock as the
 * process that shows that the run lives.
 */
export async function startTrafficHere(start: TrafficStart, io: Io): Promise<number> {
  const run = requiredRun(start.runId, io.env);
  const scenario = checkedStart(run, start);
  const engine = await engineFor(scenario, io.env);
  const lock = sharedLock(scenario, start.runId, io);
  const leave = lock === null ? () => undefined : joinShared(lock, true);
  const retries = retriesOf(io);
  const balancer = balancerFor(scenario, null, retries);
  const { writer, events, clock } = beginPart(run, 'traffic', io);
  retries.journal(events, clock);
  const stop = new AbortController();
  const offSignal = io.onSignal((signal) => stop.abort(signal));
  const end = setTimeout(() => stop.abort('max-duration'), start.maxDurationMs);
  try {
    const problem = await runTraffic(
      {
        dir: run.dir,
        header: run.journal.header,
        scenario,
        facts: factsOf(run),
        findings: [],
        forced: false,
        watchEveryMs: isLimitedApi(scenario) ? WATCH_MS : WATCH_NEAR_MS,
        maxDurationMs: start.maxDurationMs + START_MS,
      },
      { writer, clock, balancer, engine, onEvent: (event) => told(event, io) },
      stop.signal,
    );
    if (problem !== null) io.stderr.write(`the traffic broke: ${plainLine(problem)}\n`);
    return problem === null ? EXIT.pass : EXIT.internal;
  } finally {
    clearTimeout(end);
    offSignal();
    leave();
    writer.close();
    balancer.close();
  }
}

/** AWS limits how often it may be asked; a lab and a HAProxy of one's own do not. */
function isLimitedApi({ balancer }: Scenario): boolean {
  return 'endpoint' in balancer && balancer.endpoint === null;
}

/** One line per event that a person looking for the traffic's fate would want. */
function told(event: RunEvent, io: Pick<Io, 'stderr'>): void {
  if (event.kind === 'traffic-started') io.stderr.write(`traffic of ${event.source} started\n`);
  if (event.kind === 'traffic-stopped')
    io.stderr.write(`traffic of ${event.source} stopped: ${event.scheduled} arrivals\n`);
  if (event.kind === 'warning') io.stderr.write(`warning: ${plainLine(event.message)}\n`);
}
