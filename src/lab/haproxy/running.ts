import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeClock } from '../dataplane/node-clock.js';
import { askOver } from './admin-socket.js';
import { CONFIG_FILE, SOCKET_FILE } from './config.js';
import { type GuardedHaproxy, startGuarded } from './guard.js';
import type { AskHaproxy } from './runtime-api.js';

/** Where a HAProxy of the lab lives. */
export interface HaproxySurroundings {
  /** Path of the program. */
  readonly program: string;
  readonly clock: NodeClock;
  readonly killProcess: (pid: number) => void;
  /** HAProxy ended or did not do as told: there is no whole load balancer any more. */
  readonly onFatal: (cause: unknown) => void;
}

/** A HAProxy that serves. */
export interface RunningHaproxy {
  readonly pid: number;
  /** Path of its runtime API's socket, for this user only. */
  readonly socket: string;
  stop(): Promise<void>;
}

const START_DEADLINE_MS = 10_000;
const START_POLL_MS = 10;
/** The longest path a Unix socket can have on every system, its final zero not counted. */
const MAX_SOCKET_PATH = 103;

/** Starts HAProxy on files of its own in a folder of its own, and waits until it serves. Nothing is left behind when it does not. */
export async function startHaproxy(
  files: ReadonlyMap<string, string>,
  { program, clock, killProcess, onFatal }: HaproxySurroundings,
): Promise<RunningHaproxy> {
  const folder = privateFolder();
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    for (const [name, text] of files) writeFileSync(join(folder, name), text, { mode: 0o600 });
    const running = startGuarded(program, folder, CONFIG_FILE, killProcess);
    const socket = join(folder, SOCKET_FILE);
    const pid = await serving(running, askOver(socket), clock);
    let stopping = false;
    void running.exited.then((said) => {
      remove();
      if (!stopping) onFatal(new Error(`HAProxy ended by itself: ${said === '' ? 'it said nothing' : said}`));
    });
    const stop = (): Promise<void> => {
      stopping = true;
      return running.kill().then(remove);
    };
    return { pid, socket, stop };
  } catch (cause) {
    remove();
    throw cause;
  }
}

/** A folder for this user only. Its path never enters the configuration: HAProxy runs in it. */
function privateFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'rollproof-haproxy-'));
  chmodSync(folder, 0o700);
  const path = join(folder, SOCKET_FILE);
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH) return folder;
  rmSync(folder, { recursive: true, force: true });
  throw new Error(`the path of HAProxy's socket is too long (${path}): set TMPDIR to a shorter folder`);
}

/** Resolves with HAProxy's process id once its runtime API answers: its listener is open by then. */
async function serving(running: GuardedHaproxy, ask: AskHaproxy, clock: NodeClock): Promise<number> {
  let said: string | null = null;
  const ended = running.exited.then((text) => {
    said = text;
  });
  const deadlineMs = clock.now() + START_DEADLINE_MS;
  let last: unknown = null;
  while (said === null && clock.now() < deadlineMs) {
    try {
      await ask('show info');
      return await running.pid;
    } catch (notYet) {
      last = notYet;
      await Promise.race([ended, new Promise<void>((resolve) => void clock.after(START_POLL_MS, resolve))]);
    }
  }
  await running.kill();
  throw startFailure(said, last);
}

function startFailure(said: string | null, last: unknown): Error {
  if (said === null) {
    return new Error(`HAProxy did not serve within ${START_DEADLINE_MS / 1000} s`, { cause: last });
  }
  const error = new Error(`HAProxy did not start: ${said === '' ? 'it said nothing' : said}`);
  // Somebody was faster than HAProxy at the address that was just free.
  return /Address already in use/.test(said) ? Object.assign(error, { code: 'EADDRINUSE' }) : error;
}
