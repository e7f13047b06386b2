import { type ChildProcess, fork } from 'node:child_process';
import type { LabInfo, LabOptions } from './options.js';
import { compiledEntry } from './system.js';
import { ToolMissing } from './tool-missing.js';

export type { LabInfo, LabOptions } from './options.js';

/** How a lab's process ended. */
export interface LabEnd {
  readonly code: number | null;
  readonly signal: string | null;
  /** The last of its stderr; its own words, but untrusted as text. */
  readonly stderrTail: string;
}

/** A lab in a process of its own. It ends with this process, however this one ends. */
export interface LabHandle extends LabInfo {
  /** Resolves when the lab's process ends, asked or not; never rejects. */
  readonly exited: Promise<LabEnd>;
  /** Ends the lab and everything it started; resolves when it is gone. Safe to call again. */
  stop(): Promise<void>;
}

const START_DEADLINE_MS = 20_000;
const STOP_DEADLINE_MS = 5_000;
const STDERR_CHARS = 4_000;
const MAX_LINE_CHARS = 1_000_000;

/**
 * Starts a lab and waits until it serves. Rejects with an Error saying why when it cannot (ToolMissing when a program is not
 * installed), or when `signal` aborts before; afterwards the signal means nothing: an interrupted run still needs its balancer to put targets back.
 */
export async function launchLab(options: LabOptions, signal?: AbortSignal): Promise<LabHandle> {
  if (signal?.aborted) throw new Error('the lab was not started: interrupted');
  const child = fork(compiledEntry('./process.js'), [JSON.stringify(options)], {
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // Its own process group: Ctrl-C in the terminal is for the run, which ends the lab last.
    detached: true,
  });
  const exited = endOf(child);
  let stopping: Promise<void> | null = null;
  const stop = (): Promise<void> => {
    stopping ??= end(child, exited);
    return stopping;
  };
  try {
    const info = await firstLine(child, exited, signal);
    return { ...info, exited, stop };
  } catch (cause) {
    await stop();
    throw cause;
  }
}

function endOf(child: ChildProcess): Promise<LabEnd> {
  let stderrTail = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    stderrTail = (stderrTail + chunk).slice(-STDERR_CHARS);
  });
  return new Promise((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal, stderrTail }));
    child.once('error', (error) => {
      if (child.pid === undefined) resolve({ code: null, signal: null, stderrTail: error.message });
    });
  });
}

async function end(child: ChildProcess, exited: Promise<LabEnd>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
  await exited;
  clearTimeout(timer);
}

/** The lab's first line of stdout; a lab that ends, errs or dawdles instead is an Error. */
function firstLine(child: ChildProcess, exited: Promise<LabEnd>, signal: AbortSignal | undefined): Promise<LabInfo> {
  return new Promise((resolve, reject) => {
    let text = '';
    const fail = (message: string): void => settle(() => reject(new Error(`the lab could not be started: ${message}`)));
    const onAbort = (): void => fail('interrupted');
    const timer = setTimeout(() => fail(`it did not serve within ${START_DEADLINE_MS / 1000} s`), START_DEADLINE_MS);
    const onData = (chunk: string): void => {
      text += chunk;
      const newline = text.indexOf('\n');
      if (newline < 0 && text.length < MAX_LINE_CHARS) return;
      const told = toldBy(text.slice(0, newline < 0 ? undefined : newline));
      if ('error' in told && told.hint !== undefined) {
        const { error, hint } = told;
        settle(() => reject(new ToolMissing(error, hint)));
      } else if ('error' in told) fail(told.error);
      else settle(() => resolve(told));
    };
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      child.stdout?.off('data', onData).resume();
      act();
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    child.stdout?.setEncoding('utf8').on('data', onData);
    void exited.then(({ code, signal: by, stderrTail }) =>
      fail(`its process ended (${by ?? `code ${code}`})${stderrTail.trim() === '' ? '' : `: ${stderrTail.trim()}`}`),
    );
  });
}

type Told = LabInfo | { readonly error: string; readonly hint?: string };

function toldBy(line: string): Told {
  try {
    return JSON.parse(line) as Told;
  } catch (cause) {
    return { error: `its first line is not JSON (${cause instanceof Error ? cause.message : String(cause)})` };
  }
}
