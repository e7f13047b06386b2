import { hostname } from 'node:os';
import { RollproofError } from '../../domain/errors.js';
import type { RunEvent } from '../../domain/event.js';
import type { Deployer, DeployRequest, EventSink } from '../../domain/ports.js';
import type { DeployConfig } from '../../domain/scenario.js';
import type { Clock } from '../../domain/time.js';
import { formatDuration } from '../../domain/time.js';
import { type CommandOutcome, runCommand } from './command-process.js';
import { marksIn } from './marks.js';
import { bornOf } from './process-group.js';

export interface CommandDeployerDeps {
  readonly events: EventSink;
  readonly clock: Clock;
  /** The environment the command starts from. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What the first word `rollproof` stands for: this very program. */
  readonly self: readonly [string, ...string[]];
  readonly monotonicOriginNs: bigint;
  /** A fresh file the command may write marks into, and how to read it back (empty when it was never written). */
  readonly markFile: (request: DeployRequest) => { readonly path: string; read(): string };
  readonly onOutput: (line: string) => void;
  /** Second Ctrl-C: whatever of the command still runs is killed at once. */
  readonly giveUp?: AbortSignal;
}

/**
 * Deploys by the user's own command: an argument list, no shell unless asked for. It learns what to do from
 * ROLLPROOF_TARGET, ROLLPROOF_INSTANCE, ROLLPROOF_VERSION, ROLLPROOF_PREVIOUS_VERSION, ROLLPROOF_STAGE,
 * ROLLPROOF_RUN_ID and may write application marks to ROLLPROOF_MARK_FILE. It runs in a process group of its own, so a
 * Ctrl-C at the terminal reaches it only through us.
 */
export function commandDeployer(
  config: Extract<DeployConfig, { kind: 'command' }>,
  deps: CommandDeployerDeps,
): Deployer {
  return {
    async deploy(request, signal) {
      const startedAt = deps.clock.now();
      const marks = deps.markFile(request);
      const argv = config.command[0] === 'rollproof' ? [...deps.self, ...config.command.slice(1)] : [...config.command];
      const outcome = await runCommand(
        argv,
        config,
        { ...deps.env, ...config.env, ...deployEnv(request, marks.path) },
        { ...deps, onStart: (pid) => deps.events.append(startedEvent(request, pid, deps)) },
        signal,
      );
      const found = marksIn(marks.read(), deps.monotonicOriginNs);
      for (const event of found.events) deps.events.append(event);
      if (found.ignored > 0) {
        deps.events.append({
          kind: 'warning',
          at: deps.clock.now(),
          message: `${found.ignored} lines of the mark file of ${request.target.id} were not marks`,
        });
      }
      const error = failureOf(outcome, config, request);
      deps.events.append({
        kind: 'deploy-ended',
        at: deps.clock.now(),
        target: request.target.id,
        command: config.command,
        startedAt,
        exitCode: outcome.exitCode,
        outputTail: outcome.tail,
        error: error?.message ?? null,
      });
      if (error !== null) throw error;
    },
  };
}

function startedEvent({ target }: DeployRequest, pid: number, { clock }: CommandDeployerDeps): RunEvent {
  return { kind: 'deploy-started', at: clock.now(), target: target.id, pid, born: bornOf(pid), host: hostname() };
}

function failureOf(
  outcome: CommandOutcome,
  config: Extract<DeployConfig, { kind: 'command' }>,
  request: DeployRequest,
): RollproofError | null {
  const what = `deploy of ${request.version} to ${request.target.id}`;
  if (outcome.endedBy === 'stop') return new RollproofError('INTERRUPTED', `${what} was stopped`);
  if (outcome.endedBy === 'timeout') {
    return new RollproofError('DEPLOY_TIMEOUT', `${what} did not end within ${formatDuration(config.timeoutMs)}`, {
      hint: 'raise rollout.deploy.timeout, or see the output in the report',
    });
  }
  if (outcome.exitCode === 0) return null;
  if (outcome.startError !== null) {
    return new RollproofError('DEPLOY_FAILED', `${what} could not start: ${outcome.startError}`, {
      hint: `is ${config.command[0]} installed, executable and on the PATH, and is rollout.deploy.cwd a directory?`,
    });
  }
  const how =
    outcome.exitCode === null ? `was killed by ${outcome.signalName}` : `ended with exit code ${outcome.exitCode}`;
  return new RollproofError('DEPLOY_FAILED', `${what} ${how}`, {
    hint: 'the output is in the report under Deploy log',
  });
}

function deployEnv(request: DeployRequest, markPath: string): Record<string, string> {
  return {
    ROLLPROOF_TARGET: request.target.id,
    ROLLPROOF_INSTANCE: request.target.instance,
    ROLLPROOF_VERSION: request.version,
    ROLLPROOF_PREVIOUS_VERSION: request.previousVersion ?? '',
    ROLLPROOF_STAGE: request.stage,
    ROLLPROOF_RUN_ID: request.runId,
    ROLLPROOF_MARK_FILE: markPath,
  };
}
