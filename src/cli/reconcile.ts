import { RollproofError } from '../domain/errors.js';
import type { Balancer } from '../domain/ports.js';
import type { Scenario } from '../domain/scenario.js';
import type { Target, TargetId } from '../domain/target.js';
import { formatDuration } from '../domain/time.js';
import { expectedWaits } from '../pipeline/deadlines.js';
import { awaitTarget } from '../pipeline/wait.js';
import { plainLine } from '../report/plain-text.js';
import { realClock } from '../run/clock.js';
import { probeFor } from '../run/compose.js';
import { readLastRun } from '../run/last-run.js';
import { balancerFiles } from './balancer-lock.js';
import type { Io } from './io.js';
import { recoverJournal } from './recover-journal.js';

/**
 * What a run does first, under the lock: when the last run behind this balancer was cut short and left targets out, they
 * are attached again and waited for, so that this one starts from a whole fleet; green that a blue-green deploy left in
 * beside blue goes out. What cannot be put right is said, and the preflight refuses.
 */
export async function reconcile(scenario: Scenario, balancer: Balancer, io: Io): Promise<void> {
  const files = balancerFiles(scenario, io.env);
  const last = files === null ? null : readLastRun(files.lastRun);
  if (last === null) return;
  const say = (text: string) => io.stderr.write(`${text}\n`);
  try {
    const recovered = await recoverJournal(last.dir, balancer, probeFor(scenario), io, {
      tell: (line) => say(`  ${line}`),
      begin: (left) =>
        say(`the last run (${last.runId}) was cut short and left ${left}: that is put right before anything else`),
      // Another strategy may want every target that is in.
      keepsGreen: scenario.rollout.strategy !== 'blue-green',
    });
    const back = recovered.targets.filter((t) => !recovered.still.includes(t.id));
    if (back.length > 0) await backInService(back, scenario, balancer, io);
  } catch (cause) {
    if (!(cause instanceof RollproofError) || !UNREADABLE.has(cause.code)) throw cause;
    say(
      `the journal of the last run behind this load balancer (${last.dir}) cannot be read, so what it may have left detached is not known: ${plainLine(cause.message)}`,
    );
  }
}

const UNREADABLE: ReadonlySet<string> = new Set(['RUN_DIRECTORY_INVALID', 'FACTS_FROM_THE_FUTURE']);

/** Waits for what was just attached, as long as the balancer's configuration says it may take. */
export async function backInService(
  targets: readonly Target[],
  scenario: Scenario,
  balancer: Balancer,
  io: Pick<Io, 'stderr' | 'monotonicNs'>,
): Promise<readonly TargetId[]> {
  const signal = new AbortController().signal;
  const clock = realClock(io.monotonicNs());
  const facts = await balancer.describe(signal);
  const timeoutMs = scenario.rollout.awaitTimeoutMs ?? expectedWaits(facts).attachDeadlineMs;
  const missing: TargetId[] = [];
  for (const target of targets) {
    io.stderr.write(`waiting for ${target.id} to be in service, up to ${formatDuration(timeoutMs)}\n`);
    const beat = setInterval(() => io.stderr.write(`still waiting for ${target.id}\n`), BEAT_MS);
    try {
      await awaitTarget(
        { target, condition: 'in-service', timeoutMs, settleMs: 1_000, version: '', since: 0 },
        {
          balancer,
          probe: probeFor(scenario),
          traffic: { seenSince: () => true, silence: () => ({ lastSentAt: null, ms: 0, others: 0 }) },
          clock,
        },
        signal,
      );
    } catch (cause) {
      if (!(cause instanceof RollproofError) || cause.code !== 'AWAIT_TIMEOUT') throw cause;
      missing.push(target.id);
      io.stderr.write(`${plainLine(cause.message)}\n`);
    } finally {
      clearInterval(beat);
    }
  }
  return missing;
}

/** CI servers take a silent job for a hung one. */
const BEAT_MS = 20_000;
