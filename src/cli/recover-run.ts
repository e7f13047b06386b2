import { EXIT, RollproofError } from '../domain/errors.js';
import type { RunEvent } from '../domain/event.js';
import type { EventSink } from '../domain/ports.js';
import { type EventWriter, openEventWriter } from '../journal/event-writer.js';
import { readFacts } from '../journal/facts.js';
import { runPaths } from '../journal/run-directory.js';
import { detachedAfter } from '../pipeline/safety/detached.js';
import { recoverTargets } from '../pipeline/safety/recovery.js';
import { plainLine } from '../report/plain-text.js';
import { realClock } from '../run/clock.js';
import { balancerFor } from '../run/compose.js';
import { lockBalancer } from './balancer-lock.js';
import type { Io } from './io.js';

/**
 * Attaches what the journal in `dir` leaves detached; exit code 0 when nothing is out any more, 3 otherwise.
 * @throws RollproofError LOCK_HELD while a run of that balancer is still alive: its own way out attaches.
 */
export async function recoverRun(dir: string, io: Io): Promise<number> {
  const release = lockBalancer(readFacts(dir).header.scenario, `recover ${dir}`, io);
  try {
    return await underLock(dir, io);
  } finally {
    release();
  }
}

async function underLock(dir: string, io: Io): Promise<number> {
  const { header, events } = readFacts(dir);
  const left = detachedAfter(events);
  if (left.length === 0) {
    io.stdout.write('nothing is detached\n');
    return EXIT.pass;
  }
  const { scenario } = header;
  if (scenario.balancer.kind === 'lab') {
    throw new RollproofError(
      'ARGUMENT_INVALID',
      `${left.map((d) => d.target).join(', ')} was detached in a lab, and that lab ended with its run`,
      {
        hint: 'there is nothing to recover; start a new run',
      },
    );
  }
  const balancer = balancerFor(scenario, null);
  const journal = journalOf(dir, io);
  const sink: EventSink = {
    append(event: RunEvent) {
      if (event.kind === 'recovery') io.stdout.write(`${event.target}: ${plainLine(event.message)}\n`);
      journal.append(event);
    },
  };
  try {
    const clock = realClock(BigInt(header.monotonicOriginNs));
    const still = await recoverTargets(
      left,
      scenario.targets,
      { balancer, events: sink, clock },
      new AbortController().signal,
    );
    return still.length === 0 ? EXIT.pass : EXIT.refused;
  } finally {
    journal.close();
    balancer.close();
  }
}

/** The run's journal; where it cannot be written (full disk, read-only copy) the targets still come first. */
function journalOf(dir: string, io: Io): EventSink & { close(): void } {
  const tried = (write: () => void) => {
    try {
      write();
    } catch (error) {
      io.stderr.write(`not written down: ${plainLine(error instanceof Error ? error.message : String(error))}\n`);
    }
  };
  let writer: EventWriter | null = null;
  tried(() => {
    writer = openEventWriter(runPaths(dir).events);
  });
  return {
    append: (event) => tried(() => writer?.append(event)),
    close: () => tried(() => writer?.close()),
  };
}
