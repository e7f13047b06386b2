import type { RunFacts } from '../domain/evidence.js';
import type { SampleTable } from '../domain/sample.js';
import { eventsOf } from './event-queries.js';

/** What the sample streams do not hold, over the whole run. */
export interface RecordLoss {
  /** Sequence numbers that are missing below the highest one of their source. */
  readonly holes: number;
  /** Rows fewer than the engines scheduled. */
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

/** Compares the rows with their sequence numbers and with what the engines say they scheduled. */
export function recordLoss(facts: RunFacts): RecordLoss {
  const { samples } = facts;
  const sources = samples.source.values.length;
  const rows = new Float64Array(sources);
  const highest = new Float64Array(sources).fill(-1);
  for (let row = 0; row < samples.length; row++) {
    const source = samples.source.codes[row]!;
    rows[source]! += 1;
    if (samples.seq[row]! > highest[source]!) highest[source] = samples.seq[row]!;
  }
  const distinct = distinctBySource(samples, rows, highest);
  const stopped = eventsOf(facts.events, 'traffic-stopped');
  const scheduled = new Map<string, number>();
  // Of several ends of one source the largest counts: whatever was due must be there.
  for (const e of stopped) scheduled.set(e.source, Math.max(e.scheduled, scheduled.get(e.source) ?? 0));
  let [holes, shortfall, duplicates, surplus] = [0, 0, 0, 0];
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

function distinctBySource(samples: SampleTable, rows: Float64Array, highest: Float64Array): Float64Array {
  const seen = Array.from(rows, (count, source) =>
    highest[source]! < DENSE_FACTOR * count + DENSE_FLOOR ? new Uint8Array(highest[source]! + 1) : null,
  );
  const distinct = Float64Array.from(rows, (count, source) => (seen[source] === null ? count : 0));
  for (let row = 0; row < samples.length; row++) {
    const source = samples.source.codes[row]!;
    const marks = seen[source];
    if (marks == null || marks[samples.seq[row]!] === 1) continue;
    marks[samples.seq[row]!] = 1;
    distinct[source]! += 1;
  }
  return distinct;
}
