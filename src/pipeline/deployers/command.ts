import { execa } from 'execa';
import { RollproofError } from '../../domain/errors.js';
import type { Deployer, DeployRequest, EventSink } from '../../domain/ports.js';
import type { DeployConfig } from '../../domain/scenario.js';
import type { Clock } from '../../domain/time.js';
import { formatDuration } from '../../domain/time.js';
import { appChangesIn } from './marks.js';

const TAIL_CHARS = 16_384;
const KILL_AFTER_MS = 5_000;

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
        deps.onOutput,
        signal,
      );
      const found = appChangesIn(marks.read(), deps.monotonicOriginNs);
      for (const event of found.events) deps.events.append(event);
      if (found.ignored > 0) {
        deps.events.append({
          kind: 'warning',
          at: deps.clock.now(),
          message: `${found.ignored} lines of the mark file of ${request.target.id} were not marks`,
        });
      }
      const error = failureOf(outcome, config, request, signal);
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

interface CommandOutcome {
  readonly exitCode: number | null;
  readonly timedOut: boolean;
  readonly signalName: string | null;
  readonly startError: string | null;
  readonly tail: string;
}

async function runCommand(
  argv: readonly string[],
  config: Extract<DeployConfig, { kind: 'command' }>,
  env: Record<string, string | undefined>,
  onOutput: (line: string) => void,
  signal: AbortSignal,
): Promise<CommandOutcome> {
  let tail = '';
  const [file = '', ...args] = argv;
  const child = execa(file, args, {
    env: definedOnly(env),
    extendEnv: false,
    shell: config.shell,
    ...(config.cwd === null ? {} : { cwd: config.cwd }),
    stdin: 'ignore',
    all: true,
    buffer: false,
    reject: false,
    detached: true,
    cleanup: true,
  });
  const kill = (name: NodeJS.Signals) => killGroup(child.pid, name);
  let timedOut = false;
  let hardKill: NodeJS.Timeout | undefined;
  const end = () => {
    kill('SIGTERM');
    hardKill ??= setTimeout(() => kill('SIGKILL'), KILL_AFTER_MS);
  };
  const timer = setTimeout(() => {
    timedOut = true;
    end();
  }, config.timeoutMs);
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  child.all?.setEncoding('utf8');
  child.all?.on('data', (chunk: string) => {
    tail = (tail + chunk).slice(-TAIL_CHARS);
    for (const line of chunk.split('\n')) if (line.trim() !== '') onOutput(line);
  });
  const result = await child;
  clearTimeout(timer);
  clearTimeout(hardKill);
  signal.removeEventListener('abort', end);
  return {
    exitCode: result.exitCode ?? null,
    timedOut,
    signalName: result.signal ?? null,
    startError:
      result.exitCode === undefined && result.signal === undefined
        ? (result.shortMessage ?? 'it could not be started')
        : null,
    tail,
  };
}

/** The command and whatever it started: a killed shell must not leave its ssh running. */
function killGroup(pid: number | undefined, name: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, name);
  } catch (gone) {
    void gone;
  }
}

function failureOf(
  outcome: CommandOutcome,
  config: Extract<DeployConfig, { kind: 'command' }>,
  request: DeployRequest,
  signal: AbortSignal,
): RollproofError | null {
  if (outcome.exitCode === 0) return null;
  const what = `deploy of ${request.version} to ${request.target.id}`;
  if (signal.aborted) return new RollproofError('INTERRUPTED', `${what} was stopped`);
  if (outcome.timedOut) {
    return new RollproofError('DEPLOY_TIMEOUT', `${what} did not end within ${formatDuration(config.timeoutMs)}`, {
      hint: 'raise rollout.deploy.timeout, or see the output in the report',
    });
  }
  if (outcome.startError !== null) {
    return new RollproofError('DEPLOY_FAILED', `${what} could not start: ${outcome.startError}`, {
      hint: `is ${config.command[0]} installed and on the PATH?`,
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

function definedOnly(env: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((e): e is [string, string] => e[1] !== undefined));
}
