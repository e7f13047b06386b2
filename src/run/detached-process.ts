import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { onDisk } from '../journal/run-directory.js';

/** A process that outlives this one. */
export interface DetachedProcess {
  readonly pid: number;
  /** Its exit code once it has ended, null while it runs (or when a signal ended it: 128). */
  exitCode(): number | null;
}

/**
 * Starts a program in a session of its own, so that neither the end of this process, its terminal nor a kill of its
 * descendants reaches it. It holds none of this process's outputs: what it says goes to `log`.
 */
export function startDetached(
  argv: readonly [string, ...string[]],
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
  log: string,
): DetachedProcess {
  const fd = onDisk(`cannot write ${log}`, () => openSync(log, 'a'));
  try {
    const [program, ...words] = argv;
    const child = spawn(program, words, { cwd, env, detached: true, stdio: ['ignore', fd, fd] });
    let code: number | null = null;
    child.once('error', () => {
      code = 69;
    });
    child.once('exit', (exit) => {
      code = exit ?? 128;
    });
    child.unref();
    return { pid: child.pid ?? 0, exitCode: () => code };
  } finally {
    closeSync(fd);
  }
}
