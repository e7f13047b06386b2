import { RollproofError } from '../domain/errors.js';
import type { RunEvent, RunHeader } from '../domain/event.js';
import type { Instant } from '../domain/time.js';
import { openEventWriter } from '../journal/event-writer.js';
import { createRunDirectory, runPaths, sampleFile } from '../journal/run-directory.js';
import { openSampleWriter } from '../journal/sample-writer.js';
import { type ClockBounds, type ClockOffset, offsetBetween } from '../traffic/fleet/clock-offset.js';
import type { FleetPlan } from '../traffic/fleet/fleet-plan.js';
import type { FleetRows } from '../traffic/fleet/fleet-rows.js';
import type { Shard } from '../traffic/fleet/shard.js';
import { OTHER_TRAFFIC } from './import.js';

export interface DeployFacts {
  readonly header: RunHeader;
  readonly events: readonly RunEvent[];
}

export type ClockKnowledge =
  | { readonly by: 'stated'; readonly errorMs: number }
  | { readonly by: 'service'; readonly bounds: ClockBounds }
  | { readonly by: 'nothing' };

export interface FleetRun {
  readonly plan: FleetPlan;
  readonly facts: DeployFacts;
  readonly rows: FleetRows;
  readonly clock: ClockKnowledge;
  /** Below it the run directory is made. */
  readonly out: string;
  readonly at: Date;
}

/**
 * Makes a run directory of the deploy's events and a fleet's rows: one sample stream per shard, its times on the deploy's
 * clock. Whatever is missing stands in the journal as the source's error, so that no check can overlook it.
 */
export function writeFleetRun(run: FleetRun): string {
  const { header, events } = run.facts;
  const dir = createRunDirectory(run.out, `${header.scenario.name}-collect`, run.at);
  const origin = Date.parse(header.startedAtWall);
  const own = [
    ...run.rows.shards.flatMap((shard) => writeShard(dir, shard, run, origin)),
    ...fleetProblems(run).map((message) => ({ kind: 'warning', at: 0, message }) as const),
  ];
  const scenario = {
    ...header.scenario,
    traffic: { ...header.scenario.traffic, engine: 'k6' as const, ...run.plan.traffic },
  };
  const writer = openEventWriter(runPaths(dir).events);
  try {
    writer.append({ ...header, scenario });
    for (const event of [...own, ...events.filter(({ kind }) => !OTHER_TRAFFIC.has(kind))]) writer.append(event);
  } finally {
    writer.close();
  }
  return dir;
}

/** What is wrong with the fleet as a whole: it is held against every shard. */
function fleetProblems({ plan, facts, rows }: FleetRun): readonly string[] {
  const { service } = facts.header.scenario;
  const path = new URL(service.url).pathname;
  const fits = plan.service.method === service.method && plan.service.path === path;
  return [
    ...rows.problems,
    ...(fits
      ? []
      : [
          `the plan fires ${plan.service.method} ${plan.service.path}, the deploy’s service is ${service.method} ${path}`,
        ]),
  ];
}

function writeShard(dir: string, shard: Shard, run: FleetRun, origin: number): readonly RunEvent[] {
  shard.trim();
  const { source } = shard;
  const offset = offsetOf(shard, run.clock);
  const toInstant = (wallMs: number): Instant => wallMs - origin + (offset?.offsetMs ?? 0);
  const rows = writeRows(dir, shard, toInstant);
  const errors = [
    ...shard.problems,
    ...fleetProblems(run),
    ...(offset === null && shard.isHeard ? [clockProblem(source, run.clock)] : []),
  ];
  const heard = Number.isFinite(shard.startMs);
  // k6 says in whole ms when it began.
  const startAt = heard ? toInstant(shard.startMs) - 1 : 0;
  const endAt = heard ? Math.max(toInstant(shard.cutoffMs), rows.lastAt) : 0;
  const warmUpEndsAt = startAt + run.facts.header.scenario.traffic.warmUpMs;
  const compared: RunEvent[] =
    offset === null || run.clock.by === 'nothing'
      ? []
      : [{ kind: 'clock-compared', at: startAt, source, ...offset, by: run.clock.by }];
  return [
    { kind: 'traffic-started', at: startAt, source, warmUpEndsAt },
    ...compared,
    ...shard.stalls().map(({ from, to }) => {
      const [begun, ended] = [toInstant(from), toInstant(to)];
      return { kind: 'stall', at: ended, source, from: begun, to: ended } as const;
    }),
    {
      kind: 'traffic-stopped',
      at: endAt,
      source,
      scheduled: rows.count + shard.lost,
      error: errors.length === 0 ? null : errors.join('; '),
    },
  ];
}

function offsetOf(shard: Shard, clock: ClockKnowledge): ClockOffset | null {
  if (clock.by === 'stated') return { offsetMs: 0, errorMs: clock.errorMs };
  return clock.by === 'service' ? offsetBetween(shard.clock, clock.bounds) : null;
}

function clockProblem(source: string, clock: ClockKnowledge): string {
  return clock.by === 'nothing'
    ? `nobody compared the clock of ${source} with the deploy’s: give --clock service or --clock-error`
    : `the clock of ${source} could not be compared with the deploy’s: no server answered both with its Date`;
}

/** Rows of one shard as its sample stream, and the instant of the last fact in it. */
function writeRows(
  dir: string,
  shard: Shard,
  toInstant: (wallMs: number) => Instant,
): { readonly count: number; readonly lastAt: Instant } {
  const writer = openSampleWriter(sampleFile(dir, shard.source), shard.source);
  let lastAt = Number.NEGATIVE_INFINITY;
  for (const batch of shard.columns.batches(-toInstant(0))) {
    if (!writer.append(batch)) break;
    for (let row = 0; row < batch.length; row++)
      lastAt = Math.max(lastAt, batch.scheduledAt[row]!, batch.endedAt[row]! || Number.NEGATIVE_INFINITY);
  }
  writer.close();
  if (writer.failed !== null)
    throw new RollproofError('DISK_WRITE_FAILED', `cannot write the samples: ${writer.failed.message}`);
  return { count: writer.rows, lastAt };
}
