import type { RunEvent, RunEventOf } from '../domain/event.js';

/** Every event of one kind, in the order written. */
export function eventsOf<K extends RunEvent['kind']>(events: readonly RunEvent[], kind: K): readonly RunEventOf<K>[] {
  return events.filter((event): event is RunEventOf<K> => event.kind === kind);
}

/** The last event of one kind, or null. */
export function lastEvent<K extends RunEvent['kind']>(events: readonly RunEvent[], kind: K): RunEventOf<K> | null {
  return eventsOf(events, kind).at(-1) ?? null;
}
