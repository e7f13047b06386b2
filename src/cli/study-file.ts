import { closeSync, existsSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Place, Variant } from '../domain/comparison.js';
import { RollproofError } from '../domain/errors.js';
import { type AppendFile, openAppendFile } from '../journal/append-file.js';
import { createRunDirectory, diskError, onDisk } from '../journal/run-directory.js';

export const STUDY_SCHEMA = 'rollproof.study/1';
const FILE = 'study.ndjson';

/** First line of a study: its whole design, fixed before the first run. */
export interface StudyHeader {
  readonly kind: 'study';
  readonly schema: typeof STUDY_SCHEMA;
  readonly toolVersion: string;
  readonly startedAt: string;
  readonly name: string;
  readonly scenarioFile: string;
  /** Hash over the scenario and everything swept: a study goes on only with what it began with. */
  readonly fingerprint: string;
  readonly command: readonly string[];
  /** What was swept and how, as typed: `--resume DIR` needs no more. */
  readonly options: Readonly<Record<string, string | readonly string[]>>;
  readonly place: Place;
  readonly targets: number;
  readonly variants: readonly Variant[];
  readonly repeats: number;
  readonly seed: number;
  readonly alpha: number;
  readonly limit: number;
  /** See StudyFacts; absent in studies older than it. */
  readonly sleeps?: number;
  readonly current: {
    readonly afterDetachMs: number;
    readonly afterAttachMs: number;
    readonly group?: string | null;
  };
}

export interface RunStarted {
  readonly kind: 'run-started';
  readonly block: number;
  readonly variant: number;
  readonly attempt: number;
  /** Run directory, relative to the study. */
  readonly dir: string;
}
/** The run is whole on disk; one without this line was cut, or is found whole and adopted when the study goes on. */
export interface RunEnded {
  readonly kind: 'run-ended';
  readonly dir: string;
}
export type StudyLine = RunStarted | RunEnded;

export interface StudyLog {
  readonly header: StudyHeader;
  readonly started: readonly RunStarted[];
  readonly ended: ReadonlySet<string>;
}

export const isStudy = (dir: string): boolean => existsSync(join(dir, FILE));

/** Makes `out/<scenario>-compare/<stamp>/` with the header in it, on disk before anything runs. */
export function createStudy(out: string, header: StudyHeader, startedAt: Date): string {
  const dir = createRunDirectory(out, `${header.name}-compare`, startedAt);
  onDisk(`cannot write into ${dir}`, () => mkdirSync(join(dir, 'runs'), { recursive: true }));
  const file = openStudy(dir);
  try {
    file.append(header);
  } finally {
    file.close();
  }
  return dir;
}

/** The study's file, growing: every line is on disk when `append` returns. */
export interface StudyWriter {
  append(line: StudyHeader | StudyLine): void;
  close(): void;
}

/** Opens a study to go on; half a line at its end, of a crash, is taken away first. */
export function openStudy(dir: string): StudyWriter {
  const path = join(dir, FILE);
  const file: AppendFile = onDisk(`cannot open ${path}`, () => {
    if (existsSync(path)) dropHalfLine(path);
    return openAppendFile(path);
  });
  return {
    append(line) {
      try {
        file.append(Buffer.from(`${JSON.stringify(line)}\n`));
        file.sync();
      } catch (cause) {
        throw diskError(`cannot write ${path}`, cause);
      }
    },
    close: () => file.close(),
  };
}

function dropHalfLine(path: string): void {
  const bytes = readFileSync(path);
  const whole = bytes.lastIndexOf(0x0a) + 1;
  if (whole === bytes.length) return;
  const fd = openSync(path, 'r+');
  try {
    ftruncateSync(fd, whole);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** @throws RollproofError RUN_DIRECTORY_INVALID for what is no study or cannot be read as one. */
export function readStudy(dir: string): StudyLog {
  const text = textOf(join(dir, FILE), dir);
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  const [first, ...rest] = whole.split('\n').filter((line) => line !== '');
  if (first === undefined) throw unreadable(dir, 'its first line is missing');
  const header = parsed(first, dir, 1);
  if (!isHeader(header)) throw unreadable(dir, 'its first line is not the header of a study');
  if (header.schema !== STUDY_SCHEMA) {
    throw new RollproofError('FACTS_FROM_THE_FUTURE', `${dir}: the study is of schema ${String(header.schema)}`, {
      hint: `this rollproof reads ${STUDY_SCHEMA}; use the version that wrote it`,
    });
  }
  const started: RunStarted[] = [];
  const ended = new Set<string>();
  for (const [index, text] of rest.entries()) {
    const line = parsed(text, dir, index + 2);
    if (isStarted(line, header)) started.push(line);
    else if (isEnded(line)) ended.add(line.dir);
    else throw unreadable(dir, `line ${index + 2} is no line of a study`);
  }
  return { header, started, ended };
}

function textOf(path: string, dir: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const isAbsent = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    const reason = isAbsent ? 'it has no study.ndjson' : cause instanceof Error ? cause.message : String(cause);
    throw new RollproofError('RUN_DIRECTORY_INVALID', `${dir} is not a study: ${reason}`, {
      hint: 'give a directory that rollproof compare wrote, such as reports/lab-compare/20261122T081503Z',
      cause,
    });
  }
}

function parsed(line: string, dir: string, number: number): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw unreadable(dir, `line ${number} is not JSON`, cause);
  }
}

function unreadable(dir: string, why: string, cause?: unknown): RollproofError {
  return new RollproofError('RUN_DIRECTORY_INVALID', `${dir}: the study cannot be read: ${why}`, {
    hint: `look at ${join(dir, FILE)}; its runs are whole and can be compared by themselves`,
    cause,
  });
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const isCount = (value: unknown, below: number): boolean =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < below;

function isHeader(value: unknown): value is StudyHeader {
  if (!isObject(value) || value.kind !== 'study' || typeof value.schema !== 'string') return false;
  if (value.schema !== STUDY_SCHEMA) return true;
  const texts = [value.name, value.toolVersion, value.startedAt, value.fingerprint, value.scenarioFile];
  const numbers = [value.repeats, value.seed, value.alpha, value.limit, value.targets];
  return (
    texts.every((t) => typeof t === 'string') &&
    numbers.every((n) => typeof n === 'number' && Number.isFinite(n)) &&
    Array.isArray(value.variants) &&
    value.variants.length > 0 &&
    value.variants.every(isObject) &&
    isObject(value.options) &&
    isObject(value.place) &&
    isObject(value.current)
  );
}

/** A run directory lies inside its study: a path that leads out of it is not one we wrote. */
const isInside = (dir: unknown): boolean =>
  typeof dir === 'string' && dir.startsWith('runs/') && !dir.split('/').includes('..');

function isStarted(value: unknown, header: StudyHeader): value is RunStarted {
  return (
    isObject(value) &&
    value.kind === 'run-started' &&
    isCount(value.block, header.repeats) &&
    isCount(value.variant, header.variants.length) &&
    isCount(value.attempt, 1000) &&
    isInside(value.dir)
  );
}

function isEnded(value: unknown): value is RunEnded {
  return isObject(value) && value.kind === 'run-ended' && isInside(value.dir);
}
