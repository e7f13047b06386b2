import type { RunEvent } from '../domain/event.js';
import type { RunFacts } from '../domain/evidence.js';
import type { SampleTable } from '../domain/sample.js';
import { eventsOf } from './event-queries.js';

/** By how much shifted times of another machine's traffic may still be wrong, ms; 0 when all ran on one machine. */
export function clockDoubtMs(events: readonly RunEvent[]): number {
  return eventsOf(events, 'clock-compared').reduce((most, { errorMs }) => Math.max(most, errorMs), 0);
}

/**
 * How far the times of samples and events are or may be apart, ms. Of one machine both are read from one monotonic clock, so no arrival
 * can lie before its traffic started or after it stopped, and arrivals are due in the order they are numbered in. Where
 * that does not hold a clock jumped or two clocks were mixed, and the window does not judge the traffic it claims to.
 * The doubt left between two machines' clocks counts too. 0 for facts that agree. Linear in the samples of such facts.
 */
export function clockErrorMs(facts: RunFacts): number {
  return Math.max(outsideTrafficMs(facts), backwardMs(facts.samples), clockDoubtMs(facts.events));
}

/** How far arrivals lie outside the time in which their traffic ran. */
function outsideTrafficMs({ samples, events }: RunFacts): number {
  const begun = new Map(eventsOf(events, 'traffic-started').map((e) => [e.source, e.at]));
  const ended = new Map(eventsOf(events, 'traffic-stopped').map((e) => [e.source, e.at]));
  const from = samples.source.values.map((name) => begun.get(name ?? '') ?? Number.NEGATIVE_INFINITY);
  const to = samples.source.values.map((name) => ended.get(name ?? '') ?? Number.POSITIVE_INFINITY);
  let worst = 0;
  for (let row = 0; row < samples.length; row++) {
    const source = samples.source.codes.at(row);
    const before = from[source]! - samples.scheduledAt[row]!;
    const after = samples.sentAt.at(row) - to[source]!;
    if (before > worst) worst = before;
    if (after > worst) worst = after;
  }
  return worst;
}

/** How far back the schedule jumps from one number of a source to a later one. */
function backwardMs(samples: SampleTable): number {
  if (isInOrder(samples)) return 0;
  const { seq, scheduledAt, source } = samples;
  const order = Uint32Array.from({ length: samples.length }, (_, row) => row).sort(
    (a, b) => source.codes.at(a) - source.codes.at(b) || seq.at(a) - seq.at(b) || a - b,
  );
  const latest = new Float64Array(source.values.length).fill(Number.NEGATIVE_INFINITY);
  let worst = 0;
  for (const row of order) {
    const code = source.codes.at(row);
    const due = scheduledAt[row]!;
    if (latest[code]! - due > worst) worst = latest[code]! - due;
    if (due > latest[code]!) latest[code] = due;
  }
  return worst;
}

/** Rows come in the order they were due; nearly always that is the order of their numbers too. */
function isInOrder({ length, seq, source }: SampleTable): boolean {
  const highest = new Float64Array(source.values.length).fill(-1);
  for (let row = 0; row < length; row++) {
    const code = source.codes.at(row);
    if (seq.at(row) < highest[code]!) return false;
    highest[code] = seq.at(row);
  }
  return true;
}
