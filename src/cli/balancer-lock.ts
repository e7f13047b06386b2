import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Scenario } from '../domain/scenario.js';
import { acquireLock, type Release } from '../run/lock.js';
import type { Io } from './io.js';

/**
 * Keeps every other `run` and `recover` of this user on this machine away from the scenario's balancer, wherever they
 * were started and whatever their --out. A lab of the scenario's own needs no lock.
 * @throws RollproofError LOCK_HELD naming who holds it.
 */
export function lockBalancer(scenario: Scenario, work: string, io: Pick<Io, 'env' | 'wallTime'>): Release {
  const { balancer } = scenario;
  if (balancer.kind === 'lab') return () => undefined;
  const key = [balancer.kind, balancer.region, balancer.name, balancer.endpoint ?? '']
    .filter((w) => w !== '')
    .join('-');
  return acquireLock(stateDir(io.env), key, work, io.wallTime());
}

function stateDir({ ROLLPROOF_STATE_DIR, XDG_STATE_HOME, HOME }: Io['env']): string {
  if (ROLLPROOF_STATE_DIR) return ROLLPROOF_STATE_DIR;
  if (XDG_STATE_HOME) return join(XDG_STATE_HOME, 'rollproof');
  return HOME ? join(HOME, '.local', 'state', 'rollproof') : join(tmpdir(), 'rollproof');
}
