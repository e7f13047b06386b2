import type { Command } from 'commander';
import { EXIT, RollproofError } from '../domain/errors.js';
import type { Balancer } from '../domain/ports.js';
import { formatDuration } from '../domain/time.js';
import { plainLine } from '../report/plain-text.js';
import type { Io } from './io.js';
import type { Finish } from './program.js';
import { scenarioFrom } from './run.js';

/** `rollproof unlock SCENARIO`: says who holds the lock of its balancer; with --force takes it away. */
export function addUnlock(program: Command, io: Io, finish: Finish): void {
  program
    .command('unlock')
    .description('say who holds the lock of a load balancer; --force takes it away from a run that is gone')
    .argument('<scenario>', 'scenario file (YAML)')
    .option('--force', 'remove the lock')
    .action(async (file: string, options: { force?: true }) => {
      const scenario = await scenarioFrom(file, io);
      const { balancerFiles } = await import('./balancer-lock.js');
      const files = balancerFiles(scenario, io.env);
      if (files === null)
        throw new RollproofError('ARGUMENT_INVALID', 'a lab of the scenario’s own has no lock', { hint: null });
      const { balancerFor } = await import('../run/compose.js');
      const { retriesOf } = await import('./retries.js');
      const tagged = 'lockTag' in scenario.balancer && scenario.balancer.lockTag === true;
      const balancer = tagged ? balancerFor(scenario, null, retriesOf(io)) : null;
      try {
        finish(await unlock(files.lock, balancer, options.force === true, io));
      } finally {
        balancer?.close();
      }
    });
}

/**
 * @param balancer asked for the lock tag; null when the scenario keeps none. @returns 0 when nobody holds the lock (any more), 3 when somebody does.
 * @throws RollproofError LOCK_HELD when the holder, in the file or in the tag, is a process of this machine that runs.
 */
export async function unlock(file: string, balancer: Balancer | null, force: boolean, io: Io): Promise<number> {
  const { breakLock, holderText, isGone, lockHolder, runsHere } = await import('../run/lock.js');
  const { holderOf } = await import('../run/remote-lock.js');
  const signal = new AbortController().signal;
  const held = lockHolder(file, io.wallTime());
  const tag = (await balancer?.lockTag?.read(signal)) ?? null;
  if (held === null && tag === null) {
    io.stdout.write('nobody holds the lock\n');
    return EXIT.pass;
  }
  if (held !== null) {
    const silent = `${isGone(held.holder) ? 'its process is gone; ' : ''}last sign of life ${formatDuration(held.silentMs)} ago`;
    io.stdout.write(`held by ${plainLine(holderText(held.holder))}; ${silent}\n`);
  }
  if (tag !== null) io.stdout.write(`tag on the load balancer: ${plainLine(tag)}\n`);
  if (!force) return EXIT.refused;
  // A run with another state directory is only in the tag.
  for (const holder of [held?.holder ?? null, tag === null ? null : holderOf(tag)]) {
    if (holder === null || !runsHere(holder)) continue;
    throw new RollproofError('LOCK_HELD', `that run is alive: pid ${holder.pid} on this machine`, {
      hint: `stop it first (kill ${holder.pid}): it attaches what it detached and gives the lock back`,
    });
  }
  breakLock(file);
  if (tag !== null) await balancer?.lockTag?.remove(signal);
  io.stdout.write('removed; the next run first attaches what that one left detached, if its journal is here\n');
  return EXIT.pass;
}
