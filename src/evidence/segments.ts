import type { RunEvent, Segment } from '../domain/event.js';
import { eventsOf } from './event-queries.js';

/** The sources that fire a segment of a plan, with the segment each says it is. */
export function segmentsBySource(events: readonly RunEvent[]): ReadonlyMap<string, Segment> {
  return new Map(
    eventsOf(events, 'traffic-started').flatMap(({ source, segment }) => (segment ? [[source, segment]] : [])),
  );
}

/** What the segments of one plan have in common: the engine's name and how many there are. */
export function planOf(source: string, { index, count }: Segment): string {
  const suffix = `-${index}`;
  return `${source.endsWith(suffix) ? source.slice(0, -suffix.length) : source}/${count}`;
}

/** Segments of a plan that is otherwise there: not begun, or begun twice. One sentence each. */
export function missingSegments(events: readonly RunEvent[]): readonly string[] {
  const plans = new Map<string, { readonly count: number; readonly seen: number[] }>();
  for (const [source, segment] of segmentsBySource(events)) {
    const plan = planOf(source, segment);
    const entry = plans.get(plan) ?? { count: segment.count, seen: [] };
    entry.seen.push(segment.index);
    plans.set(plan, entry);
  }
  return [...plans].flatMap(([plan, { count, seen }]) =>
    Array.from({ length: count }, (_, i) => i + 1).flatMap((index) => {
      const times = seen.filter((one) => one === index).length;
      if (times === 1) return [];
      const name = plan.slice(0, plan.lastIndexOf('/'));
      return [
        `segment ${index} of ${count} of the traffic of ${name} ${times === 0 ? 'is missing' : `was fired ${times} times`}`,
      ];
    }),
  );
}
