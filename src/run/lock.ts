import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { RollproofError } from '../domain/errors.js';
import { bornOf, isAlive } from '../pipeline/deployers/process-group.js';

/** Releases the lock if it is still ours; harmless when called twice. */
export type Release = () => void;

/** How often a holder shows that it lives. */
const HEARTBEAT_MS = 10_000;

export interface Holder {
  readonly pid: number;
  /** When that process began, in the kernel's words: a pid alone may be somebody else's by now. Null where unknown. */
  readonly born: string | null;
  readonly host: string;
  /** The user who started it; absent in locks of older versions. */
  readonly owner?: string;
  readonly runId: string;
  readonly since: string;
  /** The lock of a run in several processes: it outlives the one that wrote it. */
  readonly isShared?: true;
}

/** A shared lock whose process is gone counts for so long after its last sign of life: a stage may start late. */
const SHARED_LAPSE_MS = 10 * 60_000;

/**
 * One roll per balancer at a time on this machine: two pipelines that each take one of two targets out leave nobody.
 * The lock is a file that appears whole or not at all; one left by a process that no longer lives on this host is
 * taken over.
 * @throws RollproofError LOCK_HELD naming the holder.
 */
export function acquireLock(stateDir: string, key: string, runId: string, now: Date): Release {
  const file = lockFile(stateDir, key);
  const text = JSON.stringify(thisHolder(runId, now));
  if (!created(file, text, stateDir)) takeOver(file, text, stateDir);
  const beat = setInterval(() => beatOf(file, text), HEARTBEAT_MS).unref();
  return () => {
    clearInterval(beat);
    if (textOf(file) === text) rmSync(file, { force: true });
  };
}

/** What every process of one run needs to hold its lock together. */
export interface SharedLock {
  readonly stateDir: string;
  readonly key: string;
  readonly holder: Holder;
}

/**
 * Takes the lock for a run in several processes, or joins it where this run has it already; keeps it alive until the
 * returned function is called, which does not give it back: {@link releaseShared} does.
 * @param claim writes this process into the lock, as the one whose life shows that the run lives.
 * @throws RollproofError LOCK_HELD naming the holder.
 */
export function joinShared({ stateDir, key, holder }: SharedLock, claim: boolean): Release {
  const file = lockFile(stateDir, key);
  let text = JSON.stringify(holder);
  if (isOfRun(file, holder.runId)) {
    if (claim) renameSync(written(`${file}.${process.pid}`, text), file);
    else text = textOf(file) ?? text;
  } else if (!created(file, text, stateDir)) takeOver(file, text, stateDir);
  beatOf(file, text);
  const beat = setInterval(() => beatOf(file, text), HEARTBEAT_MS).unref();
  return () => clearInterval(beat);
}

/** Gives the lock of a run in several processes back; one of somebody else stays. */
export function releaseShared({ stateDir, key, holder }: SharedLock): void {
  const file = lockFile(stateDir, key);
  if (isOfRun(file, holder.runId)) rmSync(file, { force: true });
}

function isOfRun(file: string, runId: string): boolean {
  const held = holderIn(file);
  return held?.isShared === true && held.runId === runId;
}

function written(file: string, text: string): string {
  writeFileSync(file, text);
  return file;
}

/** Who this process is, for a lock. */
export function thisHolder(runId: string, now: Date): Holder {
  const { pid } = process;
  return { pid, born: bornOf(pid), host: hostname(), owner: owner(), runId, since: now.toISOString() };
}

/** The same for the lock that all processes of one run hold together. */
export function sharedHolder(runId: string, startedBy: string | null, now: Date): Holder {
  const own = thisHolder(runId, now);
  return { ...own, ...(startedBy === null ? {} : { owner: startedBy }), isShared: true };
}

/** Whether that holder certainly does nothing any more: only of this host can that be known, and not of a shared lock. */
export function isGone({ host, pid, born, isShared }: Pick<Holder, 'host' | 'pid' | 'born' | 'isShared'>): boolean {
  return isShared !== true && host === hostname() && !isAlive(pid, born);
}

/** A shared lock whose run has not shown itself for long, and whose process is gone. */
function hasLapsed(file: string, holder: Holder): boolean {
  if (holder.isShared !== true || holder.host !== hostname() || isAlive(holder.pid, holder.born)) return false;
  return (lockHolder(file, new Date())?.silentMs ?? 0) > SHARED_LAPSE_MS;
}

/** Whether that holder is a process of this host that still runs. */
export function runsHere({ host, pid, born }: Pick<Holder, 'host' | 'pid' | 'born'>): boolean {
  return host === hostname() && isAlive(pid, born);
}

/** Where the lock of one balancer is. */
export function lockFile(stateDir: string, key: string): string {
  return join(stateDir, `${key.replace(/[^A-Za-z0-9._-]+/g, '-')}.lock`);
}

/** Who holds the lock, and for how long nothing was heard of it, ms; null = nobody. */
export function lockHolder(file: string, now: Date): { readonly holder: Holder; readonly silentMs: number } | null {
  const holder = holderIn(file);
  if (holder === null) return null;
  const beatAt = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? now.getTime();
  return { holder, silentMs: Math.max(0, now.getTime() - beatAt) };
}

/** Removes a lock whose holder cannot do it any more. The caller has asked a person. */
export function breakLock(file: string): void {
  rmSync(file, { force: true });
}

/** The file's time is the heartbeat: every machine that sees the file can read it. */
function beatOf(file: string, text: string): void {
  try {
    const now = new Date();
    if (textOf(file) === text) utimesSync(file, now, now);
  } catch (unwritable) {
    // The lock still holds; it only looks silent.
    void unwritable;
  }
}

/** A user id without a name (containers) is no reason to fail. */
function owner(): string {
  try {
    return userInfo().username;
  } catch (nameless) {
    void nameless;
    return 'unknown';
  }
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
  if (other === null || isGone(other) || hasLapsed(file, other)) return;
  throw new RollproofError('LOCK_HELD', `another run works on this load balancer: ${holderText(other)}`, {
    hint: `wait for it; if it is gone for good: rollproof unlock <scenario> --force (${file})`,
  });
}

/** A holder in words. */
export function holderText({ runId, owner = 'unknown', pid, host, since }: Holder): string {
  return `${runId}, started by ${owner}, pid ${pid} on ${host}, since ${since}`;
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

function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (absent) {
    void absent;
    return null;
  }
}
