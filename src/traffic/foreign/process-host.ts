import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { TwoClocks } from './wall-clock.js';

/** The machine another load generator is started on: the one place of these drivers that touches it. */
export interface ProcessHost {
  readonly env: Readonly<Record<string, string | undefined>>;
  /**
   * Starts a program with exactly this environment; stdin is closed. It hears no Ctrl-C of the terminal, only us, and is
   * killed when we end without having ended it, whatever ended us.
   */
  readonly start: (
    argv: readonly [string, ...string[]],
    options: { readonly env: Readonly<Record<string, string>>; readonly cwd?: string },
  ) => ChildProcess;
  readonly clocks: (monotonicOriginNs: string) => TwoClocks;
  readonly sleep: (ms: number) => Promise<void>;
}

/** The real machine; `env` is where tools are looked for. */
export function processHost(env: Readonly<Record<string, string | undefined>>): ProcessHost {
  return {
    env,
    start: ([program, ...args], options) => {
      const child = spawn(program, args, {
        env: options.env,
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      });
      watchOver(child);
      return child;
    },
    clocks: (originNs) => {
      const origin = BigInt(originNs);
      // One calibration of performance.now against the run's clock: no bigint per reading afterwards.
      const offset = Number(process.hrtime.bigint() - origin) / 1e6 - performance.now();
      return { now: () => performance.now() + offset, wallMs: () => Date.now() };
    },
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  };
}

/** Waits for the end of its input, which comes when the process that holds the other end of the pipe is gone. */
const WATCHDOG = 'read -r line; kill -KILL "$1"';

/**
 * A load generator must not go on firing when rollproof was killed and could not stop it: a shell waits on a pipe that
 * only this process holds open. It is ended first once the child has ended, before its number can be another's.
 */
function watchOver(child: ChildProcess): void {
  if (child.pid === undefined) return;
  const dog = spawn('/bin/sh', ['-c', WATCHDOG, 'rollproof-watchdog', String(child.pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    env: {},
  });
  // Without a shell there is no watchdog: the duration in the plan is what is left.
  dog.once('error', () => undefined);
  dog.stdin?.once('error', () => undefined);
  child.once('exit', () => dog.kill('SIGKILL'));
}

/** The program of this name: as given when it holds a slash, else the first one on PATH; null when there is none. */
export function findProgram(name: string, env: Readonly<Record<string, string | undefined>>): string | null {
  const places = name.includes('/') ? [name] : (env.PATH ?? '').split(delimiter).map((dir) => join(dir, name));
  return places.find(isProgram) ?? null;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch (absent) {
    void absent;
    return false;
  }
}

/**
 * Everything a short-lived program printed (`text`), what of it on standard output (`out`), and how it ended. Rejects when
 * it cannot be started.
 */
export function outputOf(
  child: ChildProcess,
): Promise<{ readonly text: string; readonly out: string; readonly code: number | null }> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    const outs: Buffer[] = [];
    child.stdout?.on('data', (part: Buffer) => {
      parts.push(part);
      outs.push(part);
    });
    child.stderr?.on('data', (part: Buffer) => parts.push(part));
    child.once('error', reject);
    const text = (of: readonly Buffer[]) => Buffer.concat(of).toString('utf8');
    child.once('close', (code) => resolve({ text: text(parts), out: text(outs), code }));
  });
}
