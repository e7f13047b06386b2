import { join } from 'node:path';
import { redactScenario } from '../../config/redaction.js';
import { EXIT, RollproofError } from '../../domain/errors.js';
import type { Balancer, BalancerFacts, EventSink } from '../../domain/ports.js';
import type { Scenario } from '../../domain/scenario.js';
import type { Clock } from '../../domain/time.js';
import { openPart, type PartHeader } from '../../journal/event-part.js';
import type { EventWriter } from '../../journal/event-writer.js';
import { realClock } from '../../run/clock.js';
import { clockAfter, clockProblem, thisOrigin } from '../../run/clock-origin.js';
import { effectiveScenario, randomFrom } from '../../run/compose.js';
import {
  acquireLock,
  joinShared,
  lockHolder,
  type Release,
  releaseShared,
  runsHere,
  type SharedLock,
  sharedHolder,
} from '../../run/lock.js';
import { joinRemoteLock, releaseRemoteLock } from '../../run/remote-lock.js';
import { balancerKey, stateDir } from '../balancer-lock.js';
import { errorText } from '../error-text.js';
import type { Io } from '../io.js';
import { type StepRun, startedBy } from './run-name.js';

/** Name of the lock that lets one step of a run work at a time; it holds the process that `recover --kill-running` ends. */
const STEP_LOCK = 'step';

/** Refuses to go on with a run that is over, or whose clock this host does not have. */
export function assertGoesOn({ journal: { header, events } }: StepRun): void {
  if (events.some((e) => e.kind === 'run-ended')) {
    throw new RollproofError('STEP_FAILED', `the run ${header.runId} is over: its verdict stands`, {
      hint: 'begin anew with rollproof preflight (on GoCD: run the first stage again, or trigger the pipeline)',
    });
  }
  const problem = clockProblem(header);
  if (problem !== null) {
    throw new RollproofError('STEP_FAILED', `${problem}: the times of its steps cannot be compared any more`, {
      hint: 'rollproof recover attaches what is out; then begin anew',
    });
  }
}

/** The scenario as this run was begun with; one that was changed since is refused. */
export function sameScenario(given: Scenario, { journal: { header } }: StepRun): Scenario {
  const scenario = effectiveScenario(given, null);
  if (JSON.stringify(redactScenario(scenario)) !== JSON.stringify(header.scenario)) {
    throw new RollproofError('STEP_FAILED', `the scenario is not the one the run ${header.runId} was begun with`, {
      hint: 'give every step the same file and variables; to roll the changed one, begin a run of its own',
    });
  }
  return scenario;
}

/** What the balancer said of itself when the run began. */
export function factsOf({ journal }: StepRun): BalancerFacts {
  const found = journal.events.find((e) => e.kind === 'balancer-facts');
  if (found?.kind === 'balancer-facts') return found.facts;
  throw new RollproofError('STEP_FAILED', 'the journal of the run does not hold what the preflight saw', {
    hint: 'begin anew with rollproof preflight',
  });
}

/** The lock all processes of the run hold together; null for a balancer that needs none. */
export function sharedLock(scenario: Scenario, runId: string, io: Pick<Io, 'env' | 'wallTime'>): SharedLock | null {
  const key = balancerKey(scenario);
  if (key === null) return null;
  return { stateDir: stateDir(io.env), key, holder: sharedHolder(runId, startedBy(io.env), io.wallTime()) };
}

/** Takes the run's lock, here and with `balancer.lockTag` at the balancer; the steps that follow join it. @returns what stops keeping it alive. */
export async function takeRunLock(
  lock: SharedLock,
  scenario: Scenario,
  balancer: Balancer,
  io: Pick<Io, 'monotonicNs'>,
): Promise<Release> {
  const leave = joinShared(lock, true);
  const tag = tagOf(scenario, balancer);
  if (tag === null) return leave;
  try {
    const origin = io.monotonicNs();
    const deps = { clock: realClock(origin), random: randomFrom(Number(origin & 0x1f_ffff_ffff_ffffn)) };
    await joinRemoteLock(tag, lock.holder, deps, new AbortController().signal);
    return leave;
  } catch (error) {
    leave();
    releaseShared(lock);
    throw error;
  }
}

/** The run is over: whoever comes next may have the balancer. Never rejects. */
export async function endRunLock(
  scenario: Scenario,
  runId: string,
  balancer: Balancer,
  io: Pick<Io, 'env' | 'wallTime' | 'stderr'>,
): Promise<void> {
  const lock = sharedLock(scenario, runId, io);
  if (lock === null) return;
  try {
    const tag = tagOf(scenario, balancer);
    if (tag !== null) await releaseRemoteLock(tag, lock.holder, new AbortController().signal);
  } catch (error) {
    io.stderr.write(`the lock tag could not be removed: ${errorText(error, io)}`);
  }
  releaseShared(lock);
}

function tagOf({ balancer: config }: Scenario, balancer: Balancer) {
  return 'lockTag' in config && config.lockTag === true ? (balancer.lockTag ?? null) : null;
}

/** Lets no other step of this run work meanwhile. @throws RollproofError LOCK_HELD. */
export function oneStepAtATime(dir: string, work: string, io: Pick<Io, 'wallTime'>): Release {
  try {
    return acquireLock(dir, STEP_LOCK, work, io.wallTime());
  } catch (cause) {
    if (!(cause instanceof RollproofError) || cause.code !== 'LOCK_HELD') throw cause;
    throw new RollproofError(
      'LOCK_HELD',
      cause.message.replace(/^another run works on this load balancer/, 'another step of this run is at work'),
      {
        hint: 'wait for it, or end it: rollproof recover --kill-running',
        cause,
      },
    );
  }
}

/** This process's part of the run's journal, and the clock its instants are of. */
export interface StepJournal {
  readonly writer: EventWriter;
  readonly events: EventSink;
  readonly clock: Clock;
}

/** Opens a part of the journal for `work`, e.g. `stage server-1-out`. */
export function beginPart(
  { dir, journal: { header, events } }: StepRun,
  work: string,
  io: Pick<Io, 'wallTime'>,
): StepJournal {
  const part: PartHeader = {
    kind: 'part',
    runId: header.runId,
    work,
    monotonicOriginNs: header.monotonicOriginNs,
    origin: thisOrigin(),
    startedAtWall: io.wallTime().toISOString(),
  };
  const writer = openPart(dir, part);
  const last = events.reduce((latest, event) => Math.max(latest, event.at), 0);
  return { writer, events: { append: (event) => writer.append(event) }, clock: clockAfter(header, last) };
}

/** Path of the lock file {@link oneStepAtATime} takes. */
export function stepLockFile(dir: string): string {
  return join(dir, `${STEP_LOCK}.lock`);
}

/** Whether some step of the run is at work now. */
export function isStepRunning(dir: string, io: Pick<Io, 'wallTime'>): boolean {
  const held = lockHolder(stepLockFile(dir), io.wallTime());
  return held !== null && runsHere(held.holder);
}

/** What a step that refused ends with; its message is printed here, because a report still follows. */
export async function orExitCode(work: () => Promise<number>, io: Io): Promise<number> {
  try {
    return await work();
  } catch (error) {
    io.stderr.write(errorText(error, io));
    return error instanceof RollproofError ? error.exitCode : EXIT.internal;
  }
}
