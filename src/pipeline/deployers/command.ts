import { Socket } from 'node:net';
import { hostname } from 'node:os';
import type { Readable } from 'node:stream';
import { execa } from 'execa';
import { RollproofError } from '../../domain/errors.js';
import type { RunEvent } from '../../domain/event.js';
import type { Deployer, DeployRequest, EventSink } from '../../domain/ports.js';
import type { DeployConfig } from '../../domain/scenario.js';
import type { Clock } from '../../domain/time.js';
import { formatDuration } from '../../domain/time.js';
import { appChangesIn } from './marks.js';
import { bornOf, signalGroup } from './process-group.js';

const TAIL_CHARS = 16_384;
const KILL_AFTER_MS = 5_000;
const GROUP_POLL_MS = 50;
/** How long the pipes may stay open after the command itself has ended. */
const LAST_OUTPUT_MS = 250;

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
      const found = appChangesIn(marks.read(), deps.monotonicOriginNs);
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

interface CommandOutcome {
  readonly exitCode: number | null;
  /** Who ended it before it ended itself; its exit code means nothing then (a trap may well exit with 0). */
  readonly endedBy: 'timeout' | 'stop' | null;
  readonly signalName: string | null;
  readonly startError: string | null;
  readonly tail: string;
}

async function runCommand(
  argv: readonly string[],
  config: Extract<DeployConfig, { kind: 'command' }>,
  env: Record<string, string | undefined>,
  deps: Pick<CommandDeployerDeps, 'onOutput' | 'giveUp'> & { readonly onStart: (pid: number) => void },
  signal: AbortSignal,
): Promise<CommandOutcome> {
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
  if (child.pid !== undefined) deps.onStart(child.pid);
  const output = outputOf(child.all, deps.onOutput);
  const ending = endingOf(child.pid, config.timeoutMs, signal, deps.giveUp);
  const closed = Promise.resolve(child);
  await Promise.race([closed, new Promise((resolve) => child.once('exit', resolve))]);
  await ending.over();
  // A server started in the background may hold the pipes for as long as it lives: the command is what has to end.
  const result = await Promise.race([closed, pause(LAST_OUTPUT_MS)]);
  output.end();
  for (const pipe of [child.stdout, child.stderr]) if (pipe instanceof Socket) pipe.unref();
  // Only a command that holds its pipes has no result yet; one that never started has a code of Node's own making.
  const exitCode = (result === undefined ? child.exitCode : result.exitCode) ?? null;
  const signalName = (result === undefined ? child.signalCode : result.signal) ?? null;
  return {
    exitCode,
    endedBy: ending.by(),
    signalName,
    startError: exitCode === null && signalName === null ? startProblem(result?.originalMessage) : null,
    tail: output.tail(),
  };
}

/** What kept the command from starting, in the system's own words. */
function startProblem(message: string | undefined): string {
  return (message ?? 'no reason given').replaceAll(/\s*\n\s*/g, ' ');
}

/** Follows the output line by line, and goes on reading afterwards: a background server must not block on a full pipe. */
function outputOf(stream: Readable, onLine: (line: string) => void): { end(): void; tail(): string } {
  let tail = '';
  let rest = '';
  let over = false;
  const tell = (line: string) => {
    if (line.trim() !== '') onLine(line);
  };
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    if (over) return;
    tail = (tail + chunk).slice(-TAIL_CHARS);
    const lines = (rest + chunk).split('\n');
    rest = (lines.pop() ?? '').slice(-TAIL_CHARS);
    for (const line of lines) tell(line);
  });
  return {
    end() {
      over = true;
      tell(rest);
    },
    tail: () => tail,
  };
}

/** Ends the command's group when its time is over or the run stops: SIGTERM, after KILL_AFTER_MS SIGKILL. */
function endingOf(pid: number | undefined, timeoutMs: number, signal: AbortSignal, giveUp: AbortSignal | undefined) {
  let by: CommandOutcome['endedBy'] = null;
  let hardKill: NodeJS.Timeout | undefined;
  const end = (reason: 'timeout' | 'stop') => {
    by ??= reason;
    signalGroup(pid, 'SIGTERM');
    hardKill ??= setTimeout(() => signalGroup(pid, 'SIGKILL'), KILL_AFTER_MS);
  };
  const onStop = () => end('stop');
  const atOnce = () => void signalGroup(pid, 'SIGKILL');
  const timer = setTimeout(() => end('timeout'), timeoutMs);
  signal.addEventListener('abort', onStop, { once: true });
  giveUp?.addEventListener('abort', atOnce, { once: true });
  if (signal.aborted) onStop();
  return {
    by: () => by,
    /** To be awaited when the command itself has ended: waits for what it had started, if it was ended. */
    async over(): Promise<void> {
      clearTimeout(timer);
      signal.removeEventListener('abort', onStop);
      for (let waited = 0; by !== null && waited < KILL_AFTER_MS && signalGroup(pid, 0); waited += GROUP_POLL_MS)
        await pause(GROUP_POLL_MS);
      if (by !== null) signalGroup(pid, 'SIGKILL');
      clearTimeout(hardKill);
      giveUp?.removeEventListener('abort', atOnce);
    },
  };
}

function pause(ms: number): Promise<undefined> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(undefined), ms);
  });
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

function definedOnly(env: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((e): e is [string, string] => e[1] !== undefined));
}
