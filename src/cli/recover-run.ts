import { REDACTED } from '../config/redaction.js';
import { EXIT, RollproofError } from '../domain/errors.js';
import type { TargetProbe } from '../domain/ports.js';
import type { Scenario } from '../domain/scenario.js';
import { readJournal } from '../journal/journal-reader.js';
import { detachedAfter } from '../pipeline/safety/detached.js';
import { balancerFor, probeFor } from '../run/compose.js';
import { lockBalancer } from './balancer-lock.js';
import type { Io } from './io.js';
import { backInService } from './reconcile.js';
import { recoverJournal } from './recover-journal.js';
import { retriesOf } from './retries.js';

/**
 * Attaches what the journal in `dir` leaves detached; exit code 0 when nothing is out any more, 3 otherwise.
 * @param wait also waits until what was attached is in service.
 * @throws RollproofError LOCK_HELD while a run of that balancer is still alive: its own way out attaches.
 */
export async function recoverRun(dir: string, wait: boolean, io: Io): Promise<number> {
  const journal = readJournal(dir);
  const { header, events } = journal;
  const { scenario } = header;
  if (header.steps !== undefined) {
    const { recoverStep } = await import('./steps/recover-step.js');
    return recoverStep({ run: { dir, journal }, out: null, wait, killRunning: false }, io);
  }
  if (scenario.balancer.kind === 'lab')
    return inLab(
      detachedAfter(events).map((d) => d.target),
      io,
    );
  const balancer = balancerFor(scenario, null, retriesOf(io));
  try {
    const release = await lockBalancer(scenario, balancer, `recover ${dir}`, io);
    try {
      let isNothing = true;
      const { targets, still, greenIn } = await recoverJournal(dir, balancer, probeOf(scenario), io, {
        tell(line) {
          isNothing = false;
          io.stdout.write(`${line}\n`);
        },
      });
      if (isNothing) io.stdout.write('nothing is detached\n');
      const back = targets.filter((t) => !still.includes(t.id));
      const missing = wait && back.length > 0 ? await backInService(back, scenario, balancer, io) : [];
      return still.length + greenIn.length + missing.length === 0 ? EXIT.pass : EXIT.refused;
    } finally {
      await release();
    }
  } finally {
    balancer.close();
  }
}

/** The journal holds no secrets: a service that wants one cannot be asked as it should be, so it is not asked. */
export function probeOf(scenario: Scenario): TargetProbe {
  const secret = Object.values(scenario.service.headers).includes(REDACTED);
  return secret ? { ask: () => Promise.resolve(null) } : probeFor(scenario);
}

function inLab(left: readonly string[], io: Io): number {
  if (left.length === 0) {
    io.stdout.write('nothing is detached\n');
    return EXIT.pass;
  }
  throw new RollproofError(
    'ARGUMENT_INVALID',
    `${left.join(', ')} was detached in a lab, and that lab ended with its run`,
    { hint: 'there is nothing to recover; start a new run' },
  );
}
