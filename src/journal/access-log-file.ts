import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AccessLogCounts, AccessLogFacts } from '../domain/access-log.js';
import { RollproofError } from '../domain/errors.js';
import { onDisk } from './run-directory.js';

/** One imported request: ms since the run's origin, client port, status, the target's status, target, ours. */
export type AccessLogRow = readonly [
  at: number,
  port: number,
  status: number,
  targetStatus: number,
  target: string | null,
  ours: 0 | 1,
];

const FILE = 'access-log.ndjson';
const VERSION = 1;

/** Puts imported access log lines beside the run's other facts: a first line of counts, then one line per request. */
export function writeAccessLog(dir: string, counts: AccessLogCounts, rows: readonly AccessLogRow[]): void {
  const file = join(dir, FILE);
  onDisk(`cannot write ${file}`, () => {
    const lines = [JSON.stringify({ kind: 'access-log', version: VERSION, ...counts })];
    for (const row of rows) lines.push(JSON.stringify(row));
    writeFileSync(`${file}.draft`, `${lines.join('\n')}\n`);
    renameSync(`${file}.draft`, file);
  });
}

/** The access log of a run, or null when none was imported. @throws RollproofError RUN_DIRECTORY_INVALID for a garbled one. */
export function readAccessLogFacts(dir: string): AccessLogFacts | null {
  const file = join(dir, FILE);
  if (!existsSync(file)) return null;
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  try {
    const {
      kind,
      version,
      files,
      lines: all,
      malformed,
      outside,
    } = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
    const isWhole = kind === 'access-log' && version === VERSION && Array.isArray(files);
    if (!isWhole || ![all, malformed, outside].every(Number.isInteger)) throw new Error('its first line is no header');
    const counts = { files: files.map(String), lines: all, malformed, outside } as AccessLogCounts;
    return { ...counts, ...columnsOf(lines.slice(1).map((line) => rowOf(JSON.parse(line)))) };
  } catch (cause) {
    throw new RollproofError('RUN_DIRECTORY_INVALID', `${file} cannot be read: ${(cause as Error).message}`, {
      hint: 'delete it, or import the access log again (rollproof report DIR --access-log FILE)',
      cause,
    });
  }
}

function rowOf(value: unknown): AccessLogRow {
  if (!Array.isArray(value) || value.length !== 6) throw new Error('a line is no row');
  const [at, port, status, targetStatus, target, ours] = value as unknown[];
  const isNumber = [at, port, status, targetStatus, ours].every((v) => typeof v === 'number' && Number.isFinite(v));
  if (!isNumber || (target !== null && typeof target !== 'string')) throw new Error('a line is no row');
  return value as unknown as AccessLogRow;
}

function columnsOf(rows: readonly AccessLogRow[]): Omit<AccessLogFacts, keyof AccessLogCounts> {
  const values: (string | null)[] = [null];
  const codes = new Map<string | null, number>([[null, 0]]);
  const target = Uint16Array.from(rows, ([, , , , name]) => {
    const known = codes.get(name);
    if (known !== undefined) return known;
    // More targets than a column can tell apart are one.
    const code = values.length < 65_535 ? values.push(name) - 1 : values.length - 1;
    codes.set(name, code);
    return code;
  });
  return {
    length: rows.length,
    at: Float64Array.from(rows, ([at]) => at),
    port: Uint16Array.from(rows, ([, port]) => port),
    status: Uint16Array.from(rows, ([, , status]) => status),
    targetStatus: Uint16Array.from(rows, ([, , , status]) => status),
    target: { codes: target, values },
    ours: Uint8Array.from(rows, ([, , , , , ours]) => ours),
  };
}
