import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { execa } from 'execa';
import { signalGroup } from './process-group.js';

const TAIL_CHARS = 16_384;
const KILL_AFTER_MS = 5_000;
const GROUP_POLL_MS = 50;
/** How long the pipes may stay open after the command itself has ended. */
const LAST_OUTPUT_MS = 250;

/** How a command ended. */
export interface CommandOutcome {
  readonly exitCode: number | null;
  /** Who ended it before it ended itself; its exit code means nothing then (a trap may well exit with 0). */
  readonly endedBy: 'timeout' | 'stop' | null;
  readonly signalName: string | null;
  readonly startError: string | null;
  readonly tail: string;
}

/** What a command runs in. */
export interface CommandSetting {
  readonly shell: boolean;
  readonly timeoutMs: number;
  readonly cwd: string | null;
}

export interface CommandDeps {
  readonly onOutput: (line: string) => void;
  readonly onStart: (pid: number) => void;
  /** Second Ctrl-C: whatever of the command still runs is killed at once. */
  readonly giveUp?: AbortSignal;
}

/**
 * Runs a command in a process group of its own, so that a Ctrl-C at the terminal reaches it only through us, until it
 * has ended, its time is over or `signal` aborts; then all of its group ends. Never rejects.
 */
export async function runCommand(
  argv: readonly string[],
  setting: CommandSetting,
  env: Readonly<Record<string, string | undefined>>,
  deps: CommandDeps,
  signal: AbortSignal,
): Promise<CommandOutcome> {
  const [file = '', ...args] = argv;
  const child = execa(file, args, {
    env: definedOnly(env),
    extendEnv: false,
    shell: setting.shell,
    ...(setting.cwd === null ? {} : { cwd: setting.cwd }),
    stdin: 'ignore',
    all: true,
    buffer: false,
    reject: false,
    detached: true,
    cleanup: true,
  });
  if (child.pid !== undefined) deps.onStart(child.pid);
  const output = outputOf(child.all, deps.onOutput);
  const ending = endingOf(child.pid, setting.timeoutMs, signal, deps.giveUp);
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

function definedOnly(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((e): e is [string, string] => e[1] !== undefined));
}
