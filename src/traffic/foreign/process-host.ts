import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { TwoClocks } from './wall-clock.js';

/** The machine another load generator is started on: the one place of these drivers that touches it. */
export interface ProcessHost {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Starts a program with exactly this environment; stdin is closed. */
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
    start: ([program, ...args], options) =>
      spawn(program, args, {
        env: options.env,
        stdio: ['ignore', 'pipe', 'pipe'],
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      }),
    clocks: (originNs) => {
      const origin = BigInt(originNs);
      // One calibration of performance.now against the run's clock: no bigint per reading afterwards.
      const offset = Number(process.hrtime.bigint() - origin) / 1e6 - performance.now();
      return { now: () => performance.now() + offset, wallMs: () => Date.now() };
    },
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  };
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

/** Everything a short-lived program printed, and how it ended. Rejects when it cannot be started. */
export function outputOf(child: ChildProcess): Promise<{ readonly text: string; readonly code: number | null }> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    const keep = (part: Buffer) => parts.push(part);
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    child.once('error', reject);
    child.once('close', (code) => resolve({ text: Buffer.concat(parts).toString('utf8'), code }));
  });
}
