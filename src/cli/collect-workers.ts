import { RollproofError } from '../domain/errors.js';
import type { RunEvent } from '../domain/event.js';
import type { RunFacts } from '../domain/evidence.js';
import type { SampleBatch, SampleTable } from '../domain/sample.js';
import { batchOf } from '../domain/sample-table.js';
import { openEventWriter } from '../journal/event-writer.js';
import { readFacts } from '../journal/facts.js';
import { createRunDirectory, runPaths, sampleFile } from '../journal/run-directory.js';
import { openSampleWriter } from '../journal/sample-writer.js';
import type { DeployFacts } from './collect-run.js';
import { OTHER_TRAFFIC } from './import.js';

const WRITTEN_ROWS = 65_536;

export interface WorkerRun {
  readonly dirs: readonly string[];
  readonly facts: DeployFacts;
  /** How far the clocks are apart at most, ms; null = nobody said. */
  readonly clockErrorMs: number | null;
  readonly out: string;
  readonly at: Date;
}

/** What makes a plan: workers that differ in it fired different ones. */
function planText({ service, traffic }: RunFacts['header']['scenario']): string {
  const { ratePerSecond, lanes, seed } = traffic;
  return JSON.stringify([service.method, new URL(service.url).pathname, ratePerSecond, lanes, seed]);
}

/**
 * Makes a run directory of the deploy's events and the segments that traffic workers fired, their times on the deploy's
 * clock. That a segment is missing or behind the others, evidence sees by what `traffic-started` says; what only shows
 * here stands as each source's error.
 * @throws RollproofError ARGUMENT_INVALID for a directory that is no worker's.
 */
export function writeWorkersRun(run: WorkerRun): string {
  const { header, events } = run.facts;
  const workers = run.dirs.map((dir) => ({ dir, facts: readFacts(dir) }));
  for (const { dir, facts } of workers) assertWorker(dir, facts);
  const dir = createRunDirectory(run.out, `${header.scenario.name}-collect`, run.at);
  const origin = Date.parse(header.startedAtWall);
  const problems = commonProblems(
    run,
    workers.map(({ facts }) => facts),
  );
  const own = workers.flatMap(({ facts }) => {
    const shiftMs = Date.parse(facts.header.startedAtWall) - origin;
    writeShifted(dir, facts, shiftMs);
    return shiftedEvents(facts, shiftMs, header.scenario.traffic.warmUpMs, problems, run.clockErrorMs);
  });
  const { ratePerSecond, lanes, timeoutMs, seed } = workers[0]!.facts.header.scenario.traffic;
  const timing = header.scenario.traffic;
  const traffic = { ...timing, engine: 'embedded' as const, ratePerSecond, lanes, timeoutMs, seed };
  const writer = openEventWriter(runPaths(dir).events);
  try {
    writer.append({ ...header, scenario: { ...header.scenario, traffic } });
    for (const event of [...own, ...events.filter(({ kind }) => !OTHER_TRAFFIC.has(kind))]) writer.append(event);
  } finally {
    writer.close();
  }
  return dir;
}

function assertWorker(dir: string, { events, streams }: RunFacts): void {
  const started = events.filter(({ kind }) => kind === 'traffic-started');
  if (
    started.length === 1 &&
    started[0]?.kind === 'traffic-started' &&
    started[0].segment !== undefined &&
    streams.length <= 1
  )
    return;
  throw new RollproofError('ARGUMENT_INVALID', `${dir} is not what a traffic worker left`, {
    hint: 'give the directory that rollproof traffic worker printed; logs of k6 need --plan',
  });
}

function commonProblems({ facts, clockErrorMs }: WorkerRun, workers: readonly RunFacts[]): readonly string[] {
  const plans = new Set(workers.map(({ header }) => planText(header.scenario)));
  const starts = new Set(
    workers.flatMap(({ header, events }) =>
      events.flatMap((e) =>
        e.kind === 'traffic-started' ? [Math.round(Date.parse(header.startedAtWall) + e.at)] : [],
      ),
    ),
  );
  const deployed = facts.header.scenario.service;
  const fired = workers[0]!.header.scenario.service;
  const isSame = deployed.method === fired.method && new URL(deployed.url).pathname === new URL(fired.url).pathname;
  return [
    ...(plans.size > 1 ? ['the workers fired different plans'] : []),
    ...(starts.size > 1 ? ['the workers were not given the same start'] : []),
    ...(isSame ? [] : ['the workers fired at another service than the one that was deployed']),
    ...(clockErrorMs === null ? ['nobody compared the workers’ clocks with the deploy’s: give --clock-error'] : []),
  ];
}

function shiftedEvents(
  { events, streams, eventsComplete }: RunFacts,
  shiftMs: number,
  warmUpMs: number,
  problems: readonly string[],
  errorMs: number | null,
): readonly RunEvent[] {
  const cut = !eventsComplete || streams.length === 0 || streams.some(({ complete }) => !complete);
  return events.flatMap((event): RunEvent[] => {
    const at = event.at + shiftMs;
    if (event.kind === 'traffic-started') {
      const started = { ...event, at, warmUpEndsAt: at + warmUpMs };
      if (errorMs === null) return [started];
      return [started, { kind: 'clock-compared', at, source: event.source, offsetMs: 0, errorMs, by: 'stated' }];
    }
    if (event.kind === 'stall') return [{ ...event, at, from: event.from + shiftMs, to: event.to + shiftMs }];
    if (event.kind !== 'traffic-stopped')
      return OTHER_TRAFFIC.has(event.kind) || event.kind === 'warning' ? [{ ...event, at }] : [];
    const errors = [
      ...(event.error === null ? [] : [event.error]),
      ...(cut ? ['its facts were cut'] : []),
      ...problems,
    ];
    return [{ ...event, at, error: errors.length === 0 ? null : errors.join('; ') }];
  });
}

function writeShifted(dir: string, { samples, streams }: RunFacts, shiftMs: number): void {
  const [stream] = streams;
  if (stream === undefined) return;
  const writer = openSampleWriter(sampleFile(dir, stream.source), stream.source);
  for (let from = 0; from < samples.length; from += WRITTEN_ROWS)
    writer.append(shiftedBatch(samples, from, Math.min(from + WRITTEN_ROWS, samples.length), shiftMs));
  writer.close();
  if (writer.failed !== null)
    throw new RollproofError('DISK_WRITE_FAILED', `cannot write the samples: ${writer.failed.message}`);
}

/** The rows [from, to) as they are written, their times moved. */
function shiftedBatch(table: SampleTable, from: number, to: number, shiftMs: number): SampleBatch {
  const batch = batchOf(table, from, to);
  const shifted = (times: Float64Array) => times.map((at) => at + shiftMs);
  return {
    ...batch,
    scheduledAt: shifted(batch.scheduledAt),
    sentAt: shifted(batch.sentAt),
    connectedAt: shifted(batch.connectedAt),
    firstByteAt: shifted(batch.firstByteAt),
    endedAt: shifted(batch.endedAt),
  };
}
