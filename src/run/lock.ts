import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { RollproofError } from '../domain/errors.js';

/** Releases the lock if it is still ours; harmless when called twice. */
export type Release = () => void;

interface Holder {
  readonly pid: number;
  /** When that process began, in the kernel's words: a pid alone may be somebody else's by now. Null where unknown. */
  readonly born: string | null;
  readonly host: string;
  readonly runId: string;
  readonly since: string;
}

/**
 * One roll per balancer at a time on this machine: two pipelines that each take one of two targets out leave nobody.
 * The lock is a file that appears whole or not at all; one left by a process that no longer lives on this host is
 * taken over.
 * @throws RollproofError LOCK_HELD naming the holder.
 */
export function acquireLock(stateDir: string, key: string, runId: string, now: Date): Release {
  const file = join(stateDir, `${key.replace(/[^A-Za-z0-9._-]+/g, '-')}.lock`);
  const { pid } = process;
  const text = JSON.stringify({ pid, born: bornOf(pid), host: hostname(), runId, since: now.toISOString() });
  if (!created(file, text, stateDir)) takeOver(file, text, stateDir);
  return () => {
    if (textOf(file) === text) rmSync(file, { force: true });
  };
}

/**
 * Replaces a dead holder's lock. Only who holds the `.takeover` beside it may remove a lock, so that of two who find it
 * stale the slower one cannot remove the faster one's new lock.
 */
function takeOver(file: string, text: string, stateDir: string): void {
  refuseIfHeld(file);
  const gate = `${file}.takeover`;
  if (!created(gate, text, stateDir)) {
    throw new RollproofError('LOCK_HELD', `another process is just taking over the lock ${file}`, {
      hint: `run again in a moment; if this stays, delete ${gate}`,
    });
  }
  try {
    refuseIfHeld(file);
    rmSync(file, { force: true });
    if (created(file, text, stateDir)) return;
    refuseIfHeld(file);
    throw new RollproofError('LOCK_HELD', `the lock ${file} is contended`, { hint: 'run again in a moment' });
  } finally {
    rmSync(gate, { force: true });
  }
}

function refuseIfHeld(file: string): void {
  const other = holderIn(file);
  if (other === null || (other.host === hostname() && !alive(other))) return;
  throw new RollproofError(
    'LOCK_HELD',
    `another run works on this load balancer: ${other.runId}, pid ${other.pid} on ${other.host}, since ${other.since}`,
    { hint: `wait for it; if it is gone for good, delete ${file}` },
  );
}

/** Makes `file` with its text in one step; false when it exists. */
function created(file: string, text: string, stateDir: string): boolean {
  try {
    mkdirSync(stateDir, { recursive: true });
    return linked(`${file}.${process.pid}`, file, text) || placed(file, text);
  } catch (error) {
    throw new RollproofError(
      'DISK_WRITE_FAILED',
      `cannot write the lock ${file}: ${error instanceof Error ? error.message : String(error)}`,
      { hint: 'set ROLLPROOF_STATE_DIR to a writable directory', cause: error },
    );
  }
}

/** A hard link appears at once, with its whole text; false when the name is taken or the file system has none. */
function linked(draft: string, file: string, text: string): boolean {
  writeFileSync(draft, text);
  try {
    linkSync(draft, file);
    return true;
  } catch (takenOrImpossible) {
    void takenOrImpossible;
    return false;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** The way without hard links: exclusive too, but for a moment the file is there without its text. */
function placed(file: string, text: string): boolean {
  try {
    writeFileSync(file, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Null for a file that is gone or was not written by us: nobody holds it. */
function holderIn(file: string): Holder | null {
  try {
    const value = JSON.parse(textOf(file) ?? '') as Partial<Holder> | null;
    return typeof value?.pid === 'number' ? (value as Holder) : null;
  } catch (unreadable) {
    void unreadable;
    return null;
  }
}

function alive({ pid, born }: Holder): boolean {
  const now = bornOf(pid);
  if (now !== null && typeof born === 'string') return now === born;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/**
 * Field 22 of /proc/PID/stat (proc(5)): start time in ticks since boot; empty for a zombie, which does nothing any more;
 * null without such a process or system.
 */
function bornOf(pid: number): string | null {
  const fields = textOf(`/proc/${pid}/stat`)
    ?.replace(/^.*\) /s, '')
    .split(' ');
  return fields?.[0] === 'Z' ? '' : (fields?.[19] ?? null);
}

function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (absent) {
    void absent;
    return null;
  }
}
