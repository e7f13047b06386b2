import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClockOrigin } from '../domain/event.js';
import { openAppendFile } from './append-file.js';
import { type PartFacts, parsePart } from './event-reader.js';
import { type EventWriter, openEventWriter } from './event-writer.js';
import { onDisk, runPaths, safeName } from './run-directory.js';

/** First line of a part: which process wrote it, and by which clock. */
export interface PartHeader {
  readonly kind: 'part';
  readonly runId: string;
  /** What the process was started for, e.g. `stage server-1-out`. */
  readonly work: string;
  readonly monotonicOriginNs: string;
  readonly origin: ClockOrigin;
  readonly startedAtWall: string;
}

/** One file of the journal beside events.ndjson, read back. */
export interface ReadPart extends PartFacts {
  /** Path relative to the run directory, with `/`. */
  readonly name: string;
  readonly header: PartHeader | null;
  /** Lines read, the first one too. */
  readonly lines: number;
}

/**
 * Opens a new part of the journal: `events/0007-stage-server-1-out.ndjson`. The number is taken by whoever makes the
 * file, so that two processes never share one; the first line is on disk when this returns.
 * @throws RollproofError DISK_WRITE_FAILED.
 */
export function openPart(dir: string, header: PartHeader): EventWriter {
  const folder = runPaths(dir).parts;
  return onDisk(`cannot begin a part of the journal in ${folder}`, () => {
    mkdirSync(folder, { recursive: true });
    for (let number = partFiles(dir).length + 1; ; number++) {
      const file = join(folder, `${String(number).padStart(4, '0')}-${safeName(header.work)}.ndjson`);
      if (isTaken(folder, number) || !begun(file, header)) continue;
      return openEventWriter(file);
    }
  });
}

function isTaken(folder: string, number: number): boolean {
  return readdirSync(folder).some((name) => name.startsWith(`${String(number).padStart(4, '0')}-`));
}

function begun(file: string, header: PartHeader): boolean {
  if (existsSync(file)) return false;
  const out = openAppendFile(file, 'ax');
  try {
    out.append(Buffer.from(`${JSON.stringify(header)}\n`));
    out.sync();
    return true;
  } finally {
    out.close();
  }
}

/** Every part in `dir`, by number. Garbled lines in the middle throw RUN_DIRECTORY_INVALID. */
export function readParts(dir: string, schemaVersion: number): ReadPart[] {
  return partFiles(dir).map((file) => {
    const path = join(runPaths(dir).parts, file);
    const facts = parsePart(readFileSync(path, 'utf8'), schemaVersion, path);
    const lines = (facts.first === null ? 0 : 1) + facts.events.length;
    return { ...facts, name: `events/${file}`, header: headerOf(facts.first), lines };
  });
}

function partFiles(dir: string): string[] {
  const folder = runPaths(dir).parts;
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.ndjson'))
    .sort();
}

function headerOf(value: object | null): PartHeader | null {
  const { kind, runId, work, monotonicOriginNs, origin } = (value ?? {}) as Partial<PartHeader>;
  const isWhole =
    kind === 'part' &&
    typeof runId === 'string' &&
    typeof work === 'string' &&
    typeof monotonicOriginNs === 'string' &&
    typeof origin?.host === 'string';
  return isWhole ? (value as PartHeader) : null;
}
