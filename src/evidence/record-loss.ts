import type { Segment } from '../domain/event.js';
import type { RunFacts } from '../domain/evidence.js';
import type { SampleTable } from '../domain/sample.js';
import { eventsOf } from './event-queries.js';
import { planOf, segmentsBySource } from './segments.js';

/** What the sample streams do not hold, over the whole run. */
export interface RecordLoss {
  /** Sequence numbers that are missing below the highest one of their source; of a segment, those it owns. */
  readonly holes: number;
  /** Rows fewer than the engines scheduled, or than the other segments of the plan have. */
  readonly shortfall: number;
  /** Rows whose sequence number stands there already. */
  readonly duplicates: number;
  /** Rows more than the engines scheduled: somebody else's, or a wrong end. */
  readonly surplus: number;
  readonly engineError: string | null;
}

/** A sequence far beyond the number of rows is a broken record; then the rows are counted, not ticked off. */
const DENSE_FACTOR = 8;
const DENSE_FLOOR = 1_000_000;
/** Traffic outlives the judged window by so much, so segments may end so far apart. */
const UNEVEN_END_S = 0.25;

/** Compares the rows with their sequence numbers and with what the engines say they scheduled. */
export function recordLoss(facts: RunFacts): RecordLoss {
  const { samples } = facts;
  const sources = samples.source.values.length;
  const parts = segmentsBySource(facts.events);
  const owners = samples.source.values.map((name) => parts.get(name ?? '') ?? null);
  const rows = new Float64Array(sources);
  const highest = new Float64Array(sources).fill(-1);
  let strays = 0;
  for (let row = 0; row < samples.length; row++) {
    const source = samples.source.codes.at(row);
    const number = numberIn(owners[source]!, samples.seq.at(row));
    if (number < 0) strays++;
    else rows[source]! += 1;
    if (number > highest[source]!) highest[source] = number;
  }
  const distinct = distinctBySource(samples, owners, rows, highest);
  const stopped = eventsOf(facts.events, 'traffic-stopped');
  const scheduled = new Map<string, number>();
  // Of several ends of one source the largest counts: whatever was due must be there.
  for (const e of stopped) scheduled.set(e.source, Math.max(e.scheduled, scheduled.get(e.source) ?? 0));
  let [holes, shortfall, duplicates, surplus] = [0, imbalance(facts, parts, scheduled), 0, strays];
  for (let source = 0; source < sources; source++) {
    holes += Math.max(0, highest[source]! + 1 - distinct[source]!);
    duplicates += rows[source]! - distinct[source]!;
  }
  for (const [name, due] of scheduled) {
    const source = samples.source.values.indexOf(name);
    const there = source < 0 ? 0 : distinct[source]!;
    shortfall += Math.max(0, due - there);
    surplus += Math.max(0, there - due);
  }
  return { holes, shortfall, duplicates, surplus, engineError: stopped.find((e) => e.error !== null)?.error ?? null };
}

/** Which arrival of its source a row is, from 0; -1 for a number another segment owns. */
function numberIn(owner: Segment | null, seq: number): number {
  if (owner === null) return seq;
  return seq % owner.count === owner.index - 1 ? Math.floor(seq / owner.count) : -1;
}

/**
 * Arrivals by which segments stay behind the longest one of their plan: each fires every n-th, so all have the same count,
 * but for what becomes due while one is told to stop and the next not yet.
 */
function imbalance(
  facts: RunFacts,
  parts: ReadonlyMap<string, Segment>,
  scheduled: ReadonlyMap<string, number>,
): number {
  const { ratePerSecond, lanes } = facts.header.scenario.traffic;
  const total = ratePerSecond + (lanes.long?.ratePerSecond ?? 0);
  const longest = new Map<string, number>();
  for (const [source, segment] of parts) {
    const plan = planOf(source, segment);
    longest.set(plan, Math.max(longest.get(plan) ?? 0, scheduled.get(source) ?? 0));
  }
  let behind = 0;
  for (const [source, segment] of parts) {
    const slack = Math.ceil((total / segment.count) * UNEVEN_END_S) + 1;
    behind += Math.max(0, longest.get(planOf(source, segment))! - (scheduled.get(source) ?? 0) - slack);
  }
  return behind;
}

function distinctBySource(
  samples: SampleTable,
  owners: readonly (Segment | null)[],
  rows: Float64Array,
  highest: Float64Array,
): Float64Array {
  const seen = Array.from(rows, (count, source) =>
    highest[source]! < DENSE_FACTOR * count + DENSE_FLOOR ? new Uint8Array(highest[source]! + 1) : null,
  );
  const distinct = Float64Array.from(rows, (count, source) => (seen[source] === null ? count : 0));
  for (let row = 0; row < samples.length; row++) {
    const source = samples.source.codes.at(row);
    const marks = seen[source];
    const number = numberIn(owners[source]!, samples.seq.at(row));
    if (marks == null || number < 0 || marks[number] === 1) continue;
    marks[number] = 1;
    distinct[source]! += 1;
  }
  return distinct;
}
