import { EXIT, RollproofError } from '../domain/errors.js';
import type { RunEvent } from '../domain/event.js';
import type { EventSink } from '../domain/ports.js';
import { openEventWriter } from '../journal/event-writer.js';
import { readFacts } from '../journal/facts.js';
import { runPaths } from '../journal/run-directory.js';
import { detachedAfter } from '../pipeline/safety/detached.js';
import { recoverTargets } from '../pipeline/safety/recovery.js';
import { realClock } from '../run/clock.js';
import { balancerFor } from '../run/compose.js';
import type { Io } from './io.js';

/** Attaches what the journal in `dir` leaves detached; exit code 0 when nothing is out any more, 3 otherwise. */
export async function recoverRun(dir: string, io: Io): Promise<number> {
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
  const writer = openEventWriter(runPaths(dir).events);
  const sink: EventSink = {
    append(event: RunEvent) {
      writer.append(event);
      if (event.kind === 'recovery') io.stdout.write(`${event.target}: ${event.message}\n`);
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
    writer.close();
    balancer.close();
  }
}
