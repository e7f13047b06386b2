import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Balancer } from '../domain/ports.js';
import type { Scenario } from '../domain/scenario.js';
import { realClock } from '../run/clock.js';
import { randomFrom } from '../run/compose.js';
import { acquireLock, lockFile, thisHolder } from '../run/lock.js';
import { acquireRemoteLock } from '../run/remote-lock.js';
import { errorText } from './error-text.js';
import type { Io } from './io.js';

type LockIo = Pick<Io, 'env' | 'wallTime' | 'monotonicNs' | 'stderr'>;

/**
 * Keeps every other `run` and `recover` of this user on this machine away from the scenario's balancer, wherever they
 * were started and whatever their --out; with `balancer.lockTag` those of other machines too. A lab of the scenario's
 * own needs no lock.
 * @throws RollproofError LOCK_HELD naming who holds it. @returns what gives it back; never rejects.
 */
export async function lockBalancer(
  scenario: Scenario,
  balancer: Balancer,
  work: string,
  io: LockIo,
): Promise<() => Promise<void>> {
  const key = balancerKey(scenario);
  if (key === null) return () => Promise.resolve();
  const release = acquireLock(stateDir(io.env), key, work, io.wallTime());
  try {
    const releaseTag = await lockTag(scenario, balancer, work, io);
    return async () => {
      try {
        await releaseTag();
      } catch (error) {
        io.stderr.write(`the lock tag could not be removed: ${errorText(error, io)}`);
      }
      release();
    };
  } catch (error) {
    release();
    throw error;
  }
}

async function lockTag(scenario: Scenario, balancer: Balancer, work: string, io: LockIo): Promise<() => Promise<void>> {
  const wanted = 'lockTag' in scenario.balancer && scenario.balancer.lockTag === true;
  if (!wanted || balancer.lockTag === undefined) return () => Promise.resolve();
  const origin = io.monotonicNs();
  const deps = { clock: realClock(origin), random: randomFrom(Number(origin & 0x1f_ffff_ffff_ffffn)) };
  const holder = thisHolder(work, io.wallTime());
  return acquireRemoteLock(balancer.lockTag, holder, deps, new AbortController().signal);
}

/** What one balancer is called among the files of the state directory; null for a lab of the scenario's own. */
export function balancerKey({ balancer }: Scenario): string | null {
  if (balancer.kind === 'lab') return null;
  if (balancer.kind === 'haproxy') return [balancer.kind, balancer.socket, balancer.name].join('-');
  return [balancer.kind, balancer.region, balancer.name, balancer.endpoint ?? ''].filter((w) => w !== '').join('-');
}

/** The files this machine keeps about a balancer that is not a lab; null for a lab. */
export function balancerFiles(
  scenario: Scenario,
  env: Io['env'],
): { readonly lock: string; readonly lastRun: string } | null {
  const key = balancerKey(scenario);
  if (key === null) return null;
  const lock = lockFile(stateDir(env), key);
  return { lock, lastRun: lock.replace(/\.lock$/, '.last-run.json') };
}

/** Where this machine keeps what outlives a process: locks, runs of step-by-step commands, self-tests. */
export function stateDir({ ROLLPROOF_STATE_DIR, XDG_STATE_HOME, HOME }: Io['env']): string {
  if (ROLLPROOF_STATE_DIR) return ROLLPROOF_STATE_DIR;
  if (XDG_STATE_HOME) return join(XDG_STATE_HOME, 'rollproof');
  return HOME ? join(HOME, '.local', 'state', 'rollproof') : join(tmpdir(), 'rollproof');
}
