import { hostname } from 'node:os';
import type { RunEvent } from '../domain/event.js';
import type { Balancer, BalancerFacts, EventSink, TargetProbe } from '../domain/ports.js';
import type { Scenario } from '../domain/scenario.js';
import type { Target, TargetId } from '../domain/target.js';
import { openPart } from '../journal/event-part.js';
import { type EventWriter, openEventWriter } from '../journal/event-writer.js';
import { type JournalFacts, readJournal } from '../journal/journal-reader.js';
import { runPaths } from '../journal/run-directory.js';
import { awaitDeadlines } from '../pipeline/deadlines.js';
import { isAlive } from '../pipeline/deployers/process-group.js';
import { detachedAfter } from '../pipeline/safety/detached.js';
import { greenLeftIn, greenOut } from '../pipeline/safety/green-out.js';
import { recoverTargets } from '../pipeline/safety/recovery.js';
import { plainLine } from '../report/plain-text.js';
import { clockAfter, thisOrigin } from '../run/clock-origin.js';
import type { Io } from './io.js';

export interface Recovered {
  /** What the journal left detached. */
  readonly targets: readonly Target[];
  readonly still: readonly TargetId[];
  /** Green of a blue-green deploy that was cut before blue was out, still attached beside it. */
  readonly greenIn: readonly TargetId[];
}

export interface Recovering {
  /** Gets one line per target. */
  readonly tell: (line: string) => void;
  /** Gets what was left, before anything is done; not called for nothing. */
  readonly begin?: (left: string) => void;
  /** Green stays where it is: whoever goes on with these targets may want them all. */
  readonly keepsGreen?: boolean;
}

/**
 * Attaches what the journal in `dir` leaves detached, takes green of a blue-green deploy out that it left in beside blue,
 * and writes down in it what became of each target.
 * @param probe asks targets directly.
 * @throws RollproofError RUN_DIRECTORY_INVALID, FACTS_FROM_THE_FUTURE.
 */
export async function recoverJournal(
  dir: string,
  balancer: Balancer,
  probe: TargetProbe,
  io: Io,
  { tell, begin = () => undefined, keepsGreen = false }: Recovering,
): Promise<Recovered> {
  const facts = readJournal(dir);
  const { header, events } = facts;
  const left = detachedAfter(events);
  const green = keepsGreen ? [] : greenLeftIn(events, header.scenario.rollout);
  if (left.length + green.length === 0) return { targets: [], still: [], greenIn: [] };
  const out = left.map((d) => d.target);
  const names = [...out, ...green].join(', ');
  begin(
    [
      ...(out.length > 0 ? [`${out.join(', ')} out`] : []),
      ...(green.length > 0 ? [`${green.join(', ')} in beside blue`] : []),
    ].join(' and '),
  );
  // A deploy command that still runs is waited for, an API out of reach asked again: CI servers end a silent job.
  const beat = setInterval(() => io.stderr.write(`still at it: ${plainLine(names)}\n`), BEAT_MS);
  const { scenario } = header;
  const journal = journalOf(dir, facts, io);
  const sink: EventSink = {
    append(event: RunEvent) {
      if (event.kind === 'recovery') tell(`${event.target}: ${plainLine(event.message)}`);
      journal.append(event);
    },
  };
  try {
    const deps = {
      balancer,
      probe,
      events: sink,
      clock: clockAfter(header, lastInstant(events)),
      deployRuns: ({ host, pid, born }: { host: string; pid: number; born: string | null }) =>
        host === hostname() && isAlive(pid, born),
      deployMs: deployMsOf(scenario),
    };
    const still = await recoverTargets(left, scenario.targets, deps, new AbortController().signal);
    const { rollout, targets } = scenario;
    const blueMs = awaitDeadlines(rollout, factsIn(events)).afterAttachMs;
    const greenDeps = { ...deps, targets, rollout };
    const greenIn = keepsGreen ? [] : await greenOut(events, blueMs, greenDeps, new AbortController().signal);
    return { targets: targets.filter((t) => out.includes(t.id)), still, greenIn };
  } finally {
    clearInterval(beat);
    journal.close();
  }
}

const BEAT_MS = 20_000;

function factsIn(events: readonly RunEvent[]): BalancerFacts | null {
  const found = events.find((e) => e.kind === 'balancer-facts');
  return found?.kind === 'balancer-facts' ? found.facts : null;
}

function lastInstant(events: readonly RunEvent[]): number {
  return events.reduce((last, event) => Math.max(last, event.at), 0);
}

function deployMsOf({ rollout }: Scenario): number {
  return rollout.deploy.kind === 'command' ? rollout.deploy.timeoutMs : 0;
}

/** The run's journal; where it cannot be written (full disk, read-only copy) the targets still come first. */
function journalOf(dir: string, { header }: JournalFacts, io: Io): EventSink & { close(): void } {
  const tried = (write: () => void) => {
    try {
      write();
    } catch (error) {
      io.stderr.write(`not written down: ${plainLine(error instanceof Error ? error.message : String(error))}\n`);
    }
  };
  let writer: EventWriter | null = null;
  tried(() => {
    writer =
      header.steps === undefined
        ? openEventWriter(runPaths(dir).events)
        : openPart(dir, {
            kind: 'part',
            runId: header.runId,
            work: 'recover',
            monotonicOriginNs: header.monotonicOriginNs,
            origin: thisOrigin(),
            startedAtWall: io.wallTime().toISOString(),
          });
  });
  return {
    append: (event) => tried(() => writer?.append(event)),
    close: () => tried(() => writer?.close()),
  };
}
