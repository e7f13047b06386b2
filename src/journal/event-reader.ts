import { readFileSync } from 'node:fs';
import { RollproofError } from '../domain/errors.js';
import type { RunEvent, RunHeader } from '../domain/event.js';
import { eventProblem, headerProblem } from './event-shape.js';
import { type RawFact, type Upgrade, upgradesFrom } from './upgrades.js';

/** events.ndjson read back; `eventsComplete` is false when the file ends inside a line. */
export interface EventFacts {
  readonly header: RunHeader;
  readonly events: readonly RunEvent[];
  readonly eventsComplete: boolean;
}

interface Line {
  readonly number: number;
  readonly value: RawFact;
}

/**
 * Reads events.ndjson. What cannot be parsed at the very end is a cut and is dropped; a garbled line with facts
 * after it is an error that names the line, because a hole in the facts must not be judged.
 */
export function readEvents(file: string): EventFacts {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw invalid(`cannot read ${file}`, cause);
  }
  return parseEvents(text, file);
}

/** The pure half of {@link readEvents}; `file` is only for messages. */
export function parseEvents(text: string, file: string): EventFacts {
  const { lines, complete } = linesOf(text, file);
  const [first, ...rest] = lines;
  if (first === undefined) throw invalid(`${file} holds no header line`, undefined);
  const upgrades = upgradesOf(first, file);
  return {
    header: checked<RunHeader>(first, upgrades, headerProblem, file),
    events: rest.map((line) => checked<RunEvent>(line, upgrades, eventProblem, file)),
    eventsComplete: complete,
  };
}

/** A part of the journal: its first line as it is (null = not even that), and its events. */
export interface PartFacts {
  readonly first: RawFact | null;
  readonly events: readonly RunEvent[];
  readonly complete: boolean;
}

/** The pure reading of one part; `schemaVersion` is the header's, `file` only for messages. */
export function parsePart(text: string, schemaVersion: number, file: string): PartFacts {
  const { lines, complete } = linesOf(text, file);
  const [first, ...rest] = lines;
  const upgrades = upgradesFrom(schemaVersion);
  const events = rest.map((line) => checked<RunEvent>(line, upgrades, eventProblem, file));
  return { first: first?.value ?? null, events, complete };
}

function linesOf(text: string, file: string): { lines: Line[]; complete: boolean } {
  const lines: Line[] = [];
  let garbled: { number: number; cause: unknown } | null = null;
  for (const [index, raw] of text.split('\n').entries()) {
    if (raw.trim() === '') continue;
    const number = index + 1;
    try {
      const value: unknown = JSON.parse(raw);
      if (typeof value !== 'object' || value === null) throw new Error('not a JSON object');
      if (garbled !== null) throw invalid(`${file}:${garbled.number}: this line is not JSON`, garbled.cause);
      lines.push({ number, value: value as RawFact });
    } catch (cause) {
      if (cause instanceof RollproofError) throw cause;
      garbled ??= { number, cause };
    }
  }
  return { lines, complete: garbled === null };
}

function upgradesOf(first: Line, file: string): readonly Upgrade[] {
  const { kind, schemaVersion } = first.value;
  if (kind !== 'header' || typeof schemaVersion !== 'number' || !Number.isInteger(schemaVersion) || schemaVersion < 1) {
    throw invalid(`${file}:${first.number}: the first line is not a rollproof header`, undefined);
  }
  return upgradesFrom(schemaVersion);
}

function checked<T>(
  line: Line,
  upgrades: readonly Upgrade[],
  problemOf: (v: unknown) => string | null,
  file: string,
): T {
  const value = upgrades.reduce<RawFact>((fact, upgrade) => upgrade(fact), line.value);
  const problem = problemOf(value);
  if (problem !== null)
    throw invalid(`${file}:${line.number}: ${String(value.kind).slice(0, 40)}: ${problem}`, undefined);
  return value as T;
}

function invalid(message: string, cause: unknown): RollproofError {
  return new RollproofError('RUN_DIRECTORY_INVALID', message, {
    hint: 'Give a run directory made by rollproof, with events.ndjson in it (reports/<scenario>/<stamp>).',
    cause,
  });
}
