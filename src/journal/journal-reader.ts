import type { ClockOrigin, JournalPart, RunEvent, RunHeader } from '../domain/event.js';
import { type ReadPart, readParts } from './event-part.js';
import { type EventFacts, readEvents } from './event-reader.js';
import { LAYOUT, runPaths } from './run-directory.js';

/** The whole journal of a run, whoever wrote it. */
export interface JournalFacts extends EventFacts {
  /** Parts that are missing, cut or of another clock; empty for a run of one process. */
  readonly partProblems: readonly string[];
  /** Every file of the journal with the lines it holds now, events.ndjson first. */
  readonly parts: readonly JournalPart[];
}

/**
 * Reads events.ndjson and, of a run in several processes, every part beside it: merged by time, the order within a file
 * kept. A part that is cut, lost or written by another clock is told, because what it held may be the very failure.
 */
export function readJournal(dir: string): JournalFacts {
  const main = readEvents(runPaths(dir).events);
  const own: JournalPart = { name: LAYOUT.events, lines: 1 + main.events.length };
  if (main.header.steps === undefined) return { ...main, partProblems: [], parts: [own] };
  const read = readParts(dir, main.header.schemaVersion);
  const parts = [own, ...read.map(({ name, lines }) => ({ name, lines }))];
  const events = mergedByTime([main.events, ...read.map((part) => part.events)]);
  return {
    header: main.header,
    events,
    eventsComplete: main.eventsComplete && read.every((part) => part.complete),
    partProblems: [...read.flatMap((part) => problemsOf(part, main.header)), ...missingParts(events, parts)],
    parts,
  };
}

/** Whether two instants of these clocks lie on one axis. A system that does not tell its start is believed by name. */
export function isSameClock(one: ClockOrigin, other: ClockOrigin): boolean {
  return one.host === other.host && one.bootId === other.bootId;
}

function problemsOf({ name, header, first }: ReadPart, run: RunHeader): string[] {
  if (first === null) return [`the part ${name} of the journal is empty`];
  if (header === null) return [`the part ${name} of the journal does not say who wrote it`];
  if (header.runId !== run.runId || header.monotonicOriginNs !== run.monotonicOriginNs)
    return [`the part ${name} of the journal belongs to another run`];
  if (run.steps !== undefined && !isSameClock(header.origin, run.steps.origin))
    return [
      `${header.work} ran on another host or after a restart (${name}): its times cannot be compared with the others`,
    ];
  return [];
}

/** What the end of the run lists must be there, whole. */
function missingParts(events: readonly RunEvent[], parts: readonly JournalPart[]): string[] {
  const lines = new Map(parts.map((part) => [part.name, part.lines]));
  return events.flatMap((event) => {
    if (event.kind !== 'run-ended') return [];
    if (event.parts === undefined) return ['the end of the run does not list the parts of its journal'];
    return event.parts.flatMap((due) => {
      const found = lines.get(due.name) ?? 0;
      if (found >= due.lines) return [];
      return [
        found === 0
          ? `the part ${due.name} of the journal is missing`
          : `the part ${due.name} of the journal holds ${found} of ${due.lines} lines`,
      ];
    });
  });
}

/**
 * Merges lists that are each in the order of writing. An event may speak of an earlier instant than the one written before
 * it, so each is placed by the latest instant its file had come to.
 */
export function mergedByTime(lists: readonly (readonly RunEvent[])[]): RunEvent[] {
  const placed = lists.flatMap((events) => {
    let reached = Number.NEGATIVE_INFINITY;
    return events.map((event) => {
      reached = Math.max(reached, event.at);
      return { event, at: reached };
    });
  });
  return placed.sort((a, b) => a.at - b.at).map(({ event }) => event);
}
