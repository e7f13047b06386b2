import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { AppConfig } from './app/app-config.js';
import { type AppHandlers, type AppProcess, appMessageOf } from './application.js';
import { systemClock } from './dataplane/node-clock.js';
import { type DataPlanePort, RemoteDataPlane } from './dataplane/remote-node.js';
import type { FromDataPlane } from './dataplane/thread-protocol.js';
import { startOwnHaproxy } from './haproxy/own.js';
import type { HaproxySurroundings } from './haproxy/running.js';
import { startHaproxyView } from './haproxy/start.js';
import type { DataPlane, LabDeps } from './lab.js';
import type { Timers } from './timers.js';
import { programOnPath, ToolMissing } from './tool-missing.js';

/** How much of a failing child's stderr is worth keeping. */
const STDERR_CHARS = 2_000;

/** The real clock, processes and randomness: the one file of the lab's control plane that touches them. */
export function systemLabDeps(onFault: (cause: unknown) => void): LabDeps {
  let thread: RemoteDataPlane | null = null;
  /** When the data plane fails the lab ends: clients would wait for a load balancer that is not there. */
  const onFatal = (cause: unknown): void => {
    onFault(cause);
    process.exit(1);
  };
  return {
    timers: systemTimers(),
    wallTime: () => new Date(),
    monotonicNs: () => process.hrtime.bigint(),
    pid: process.pid,
    newToken: () => randomBytes(24).toString('base64url'),
    startApplication,
    dataPlane: (kind, targets) => {
      if (kind === 'haproxy') return haproxyPlane(targets, onFatal);
      return {
        startNodeView: (options) => {
          thread ??= new RemoteDataPlane(dataPlaneThread(onFatal), onFault);
          return thread.start(options);
        },
        protocols: new Set(['HTTP', 'HTTPS', 'TCP', 'SSL', 'TLS']),
      };
    },
    startHaproxy: (servers, knobs) => startOwnHaproxy(servers, knobs, haproxySurroundings('kind', onFatal)),
    keepFile,
    onFault,
  };
}

function haproxyPlane(targets: number, onFatal: (cause: unknown) => void): DataPlane {
  const plane = { ...haproxySurroundings('dataPlane', onFatal), targets };
  return { startNodeView: (options) => startHaproxyView(options, plane), protocols: new Set(['HTTP']) };
}

/** @throws ToolMissing naming the knob that wants it. */
function haproxySurroundings(knob: 'kind' | 'dataPlane', onFatal: (cause: unknown) => void): HaproxySurroundings {
  const { ROLLPROOF_HAPROXY: wanted = 'haproxy', PATH = '' } = process.env;
  const program = programOnPath(wanted, PATH);
  if (program === null) {
    throw new ToolMissing(
      `'${knob}' haproxy needs HAProxy, and there is no program '${wanted}'`,
      `install it (Debian: apt-get install haproxy, macOS: brew install haproxy), ${knob === 'kind' ? 'or take another kind' : "or leave 'dataPlane' at own"}`,
    );
  }
  const killProcess = (pid: number): void => {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (gone) {
      void gone;
    }
  };
  return { program, clock: systemClock, killProcess, onFatal };
}

/** The data plane's thread. */
function dataPlaneThread(onFatal: (cause: unknown) => void): DataPlanePort {
  const worker = new Worker(compiledEntry('./dataplane/thread.js'));
  worker.on('error', onFatal);
  return {
    post: (message) => worker.postMessage(message),
    onMessage: (hear) => worker.on('message', (message: FromDataPlane) => hear(message)),
  };
}

/** Writes a file of this lab into a directory of its own, for this user only. */
function keepFile(name: string, text: string): { readonly path: string; remove(): void } {
  const dir = mkdtempSync(join(tmpdir(), 'rollproof-lab-'));
  const path = join(dir, name);
  writeFileSync(path, text, { mode: 0o600 });
  return { path, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

/** Timers on CLOCK_MONOTONIC. */
export function systemTimers(): Timers {
  return {
    now: () => Number(process.hrtime.bigint()) / 1e6,
    after: (ms, run) => {
      const timer = setTimeout(run, Math.max(0, ms));
      return () => clearTimeout(timer);
    },
  };
}

/** The compiled file of an entry beside this one. @throws Error that says what to do when it was never built. */
export function compiledEntry(relative: string): string {
  const here = new URL(relative, import.meta.url);
  if (!existsSync(here)) throw new Error(`${fileURLToPath(here)} is missing: run 'npm run build' first`);
  return fileURLToPath(here);
}

function startApplication(config: AppConfig, handlers: AppHandlers): AppProcess {
  const { NODE_OPTIONS: _options, ...env } = process.env;
  const child = fork(compiledEntry('./app/process.js'), [], {
    env: { ...env, ROLLPROOF_LAB_APP: JSON.stringify(config) },
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    stderr = (stderr + chunk).slice(-STDERR_CHARS);
  });
  child.on('message', (value) => {
    const message = appMessageOf(value);
    if (message !== null) handlers.onMessage(message);
  });
  let exitedNs: bigint | null = null;
  child.once('exit', () => {
    exitedNs = process.hrtime.bigint();
  });
  let over = false;
  const end = (reason: string): void => {
    if (over) return;
    over = true;
    handlers.onExit(stderr.trim() === '' ? reason : `${reason}: ${stderr.trim()}`, exitedNs ?? process.hrtime.bigint());
  };
  // `close` comes after the last message has been read, `exit` may come before it.
  child.once('close', (code, signal) =>
    end(signal === null ? `it exited with code ${code}` : `it was ended by ${signal}`),
  );
  child.once('error', (error) => {
    if (child.pid === undefined) end(`it could not be started: ${error.message}`);
  });
  return { pid: child.pid ?? null, kill: (signal) => void child.kill(signal) };
}
