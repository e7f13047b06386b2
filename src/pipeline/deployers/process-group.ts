import { readFileSync } from 'node:fs';

/**
 * Field 22 of /proc/PID/stat (proc(5)): start time in ticks since boot, so that a pid used again is told from the first
 * one; empty for a zombie, which does nothing any more; null without such a process or system.
 */
export function bornOf(pid: number): string | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch (absent) {
    void absent;
    return null;
  }
  const fields = text.replace(/^.*\) /s, '').split(' ');
  return fields[0] === 'Z' ? '' : (fields[19] ?? null);
}

/** Sends a signal to a whole process group (0 only asks). False when none of it is left. */
export function signalGroup(pid: number | undefined, name: NodeJS.Signals | 0): boolean {
  if (pid === undefined) return false;
  try {
    return process.kill(-pid, name);
  } catch (gone) {
    void gone;
    return false;
  }
}

/** Whether that very process, not a later one with its number, still runs. */
export function isAlive(pid: number, born: string | null): boolean {
  const now = bornOf(pid);
  if (now !== null && born !== null) return now === born;
  if (now !== null) return now !== '';
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Sends a signal to that very process; false when it is gone, so that a later one with its number is never hit. */
export function signalProcess(pid: number, born: string | null, name: NodeJS.Signals): boolean {
  if (!isAlive(pid, born)) return false;
  try {
    return process.kill(pid, name);
  } catch (gone) {
    void gone;
    return false;
  }
}
