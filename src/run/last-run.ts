import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { RollproofError } from '../domain/errors.js';

/** Where the newest run of one balancer keeps its journal: a rerun after a crash starts there. */
export interface LastRun {
  readonly dir: string;
  readonly runId: string;
}

/** Null when none was recorded. A record that cannot be read is as good as none: the preflight sees who is missing. */
export function readLastRun(file: string): LastRun | null {
  try {
    const value = JSON.parse(readFileSync(file, 'utf8')) as Partial<LastRun> | null;
    const { dir, runId } = value ?? {};
    return typeof dir === 'string' && typeof runId === 'string' ? { dir, runId } : null;
  } catch (absent) {
    void absent;
    return null;
  }
}

/** Replaces the record at once, on disk before it returns. @throws RollproofError DISK_WRITE_FAILED. */
export function writeLastRun(file: string, run: LastRun): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    const draft = `${file}.draft`;
    const fd = openSync(draft, 'w');
    try {
      writeSync(fd, `${JSON.stringify(run)}\n`);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(draft, file);
  } catch (cause) {
    throw new RollproofError(
      'DISK_WRITE_FAILED',
      `cannot write ${file}: ${cause instanceof Error ? cause.message : String(cause)}`,
      { hint: 'set ROLLPROOF_STATE_DIR to a writable directory', cause },
    );
  }
}
