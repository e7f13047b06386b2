import { hostname } from 'node:os';
import { RollproofError } from '../../domain/errors.js';
import type { EventSink } from '../../domain/ports.js';
import type { Target } from '../../domain/target.js';
import type { Clock } from '../../domain/time.js';
import { formatDuration } from '../../domain/time.js';
import { type CommandOutcome, runCommand } from './command-process.js';
import { marksIn } from './marks.js';
import { bornOf } from './process-group.js';

/** The one command that does detach, deploy and attach of all targets. */
export interface ExternalCommand {
  readonly command: readonly [string, ...string[]];
  readonly timeoutMs: number;
  /** What it gets in its environment: all of it. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What it has written about its steps by now. */
  readonly readMarks: () => string;
}

export interface ExternalDeps {
  readonly events: EventSink;
  readonly clock: Clock;
  readonly targets: readonly Target[];
  readonly monotonicOriginNs: bigint;
  readonly onOutput: (line: string) => void;
}

/**
 * Runs the user's own deploy and writes down what it did and said. Its output is untrusted text.
 * @param signal ends its whole process group; @param giveUp kills it.
 * @returns why it did not end well, or null.
 */
export async function runExternal(
  plan: ExternalCommand,
  deps: ExternalDeps,
  signal: AbortSignal,
  giveUp: AbortSignal,
): Promise<RollproofError | null> {
  const { command, timeoutMs } = plan;
  const { events, clock } = deps;
  const startedAt = clock.now();
  events.append({ kind: 'external-started', at: startedAt, by: 'command', command });
  const onStart = (pid: number) =>
    events.append({ kind: 'external-process', at: clock.now(), pid, born: bornOf(pid), host: hostname() });
  const outcome = await runCommand(
    command,
    { shell: false, timeoutMs, cwd: null },
    plan.env,
    { onOutput: deps.onOutput, onStart, giveUp },
    signal,
  );
  noteMarks(plan.readMarks(), deps);
  const error = failureOf(outcome, plan);
  events.append({
    kind: 'external-ended',
    at: clock.now(),
    command,
    startedAt,
    exitCode: outcome.exitCode,
    outputTail: outcome.tail,
    error: error?.message ?? null,
  });
  return error;
}

/** Puts what scripts marked into the journal; lines that are no marks of these targets are counted there. */
export function noteMarks(text: string, deps: Omit<ExternalDeps, 'onOutput'>): void {
  const { events, ignored } = marksIn(text, deps.monotonicOriginNs, deps.targets);
  for (const event of events) deps.events.append(event);
  if (ignored === 0) return;
  const message = `${ignored} lines of the mark file were not marks of this scenario's targets`;
  deps.events.append({ kind: 'warning', at: deps.clock.now(), message });
}

function failureOf(outcome: CommandOutcome, { command, timeoutMs }: ExternalCommand): RollproofError | null {
  const what = `the deploy command ${command[0]}`;
  if (outcome.endedBy === 'stop') return new RollproofError('INTERRUPTED', `${what} was stopped`);
  if (outcome.endedBy === 'timeout') {
    return new RollproofError('DEPLOY_TIMEOUT', `${what} did not end within ${formatDuration(timeoutMs)}`, {
      hint: 'give it more time with --deploy-timeout, or see its output in the report',
    });
  }
  if (outcome.exitCode === 0) return null;
  if (outcome.startError !== null) {
    return new RollproofError('DEPLOY_FAILED', `${what} could not start: ${outcome.startError}`, {
      hint: 'is it installed, executable and on the PATH? A script of this directory is written ./deploy.sh',
    });
  }
  const how =
    outcome.exitCode === null ? `was killed by ${outcome.signalName}` : `ended with exit code ${outcome.exitCode}`;
  return new RollproofError('DEPLOY_FAILED', `${what} ${how}`, {
    hint: 'its output is in the report under Deploy log',
  });
}
