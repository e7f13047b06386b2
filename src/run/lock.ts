import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { RollproofError } from '../domain/errors.js';

/** Releases the lock; harmless when called twice. */
export type Release = () => void;

interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly runId: string;
  readonly since: string;
}

/**
 * One roll per balancer at a time on this machine: two pipelines that each take one of two targets out leave nobody.
 * The lock is a file made exclusively; one left by a process that no longer lives on this host is taken over.
 * @throws RollproofError LOCK_HELD naming the holder.
 */
export function acquireLock(stateDir: string, key: string, runId: string, now: Date): Release {
  const file = join(stateDir, `${key.replace(/[^A-Za-z0-9._-]+/g, '-')}.lock`);
  const holder: Holder = { pid: process.pid, host: hostname(), runId, since: now.toISOString() };
  mkdirSync(stateDir, { recursive: true });
  for (let attempt = 0; attempt < 2; attempt++) {
    if (created(file, JSON.stringify(holder))) return () => rmSync(file, { force: true });
    const other = holderIn(file);
    if (other !== null && (other.host !== holder.host || alive(other.pid))) {
      throw new RollproofError(
        'LOCK_HELD',
        `another roll of this load balancer is running: ${other.runId}, pid ${other.pid} on ${other.host}, since ${other.since}`,
        {
          hint: `wait for it; if it is gone for good, delete ${file}`,
        },
      );
    }
    rmSync(file, { force: true });
  }
  throw new RollproofError('LOCK_HELD', `the lock ${file} is contended`, { hint: 'run again in a moment' });
}

function created(file: string, text: string): boolean {
  try {
    const fd = openSync(file, 'wx');
    writeSync(fd, text);
    closeSync(fd);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw new RollproofError('DISK_WRITE_FAILED', `cannot write the lock ${file}`, {
      hint: 'set ROLLPROOF_STATE_DIR to a writable directory',
      cause: error,
    });
  }
}

function holderIn(file: string): Holder | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Holder;
  } catch (unreadable) {
    void unreadable;
    return null;
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
