import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { entryKey, ledgerEntry } from '../compare/ledger.js';
import type { LedgerEntry, RunSummary } from '../domain/comparison.js';
import { RollproofError } from '../domain/errors.js';
import { openAppendFile } from '../journal/append-file.js';

const FILE = 'history.jsonl';

export const historyPath = (root: string): string => join(root, FILE);

/** Lines of a ledger; one that cannot be read is told, never silently left out. */
export interface History {
  readonly entries: readonly LedgerEntry[];
  /** Numbers of lines that are no entries. */
  readonly unreadable: readonly number[];
}

/** @throws RollproofError RUN_DIRECTORY_INVALID when there is no ledger. */
export function readHistory(root: string): History {
  const path = historyPath(root);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new RollproofError('RUN_DIRECTORY_INVALID', `there is no history in ${root}`, {
      hint: 'every run adds a line to history.jsonl in its --out directory; add old ones with rollproof history --add RUN_DIR',
      cause,
    });
  }
  const entries: LedgerEntry[] = [];
  const unreadable: number[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const entry = entryOf(line);
    if (entry === null) unreadable.push(index + 1);
    else entries.push(entry);
  }
  return { entries, unreadable };
}

/**
 * Adds a run to the ledger: one line in one write, on disk when this returns, and only once however often it is asked.
 * The ledger is a by-product: what goes wrong is returned as a note and fails no run.
 */
export function appendHistory(root: string, summary: RunSummary, study: boolean): string | null {
  const path = historyPath(root);
  const entry = ledgerEntry(summary, study);
  try {
    const before = existsSync(path) ? readFileSync(path, 'utf8') : '';
    const known = before.split('\n').map(entryOf);
    if (known.some((e) => e !== null && entryKey(e) === entryKey(entry))) return null;
    // Half a line of an earlier crash must not swallow this one.
    const start = before === '' || before.endsWith('\n') ? '' : '\n';
    const file = openAppendFile(path);
    try {
      file.append(Buffer.from(`${start}${JSON.stringify(entry)}\n`));
      file.sync();
    } finally {
      file.close();
    }
    return null;
  } catch (cause) {
    return `the run is not in ${path}: ${cause instanceof Error ? cause.message : String(cause)}`;
  }
}

const VERDICTS = new Set(['PASS', 'FAIL', 'INCONCLUSIVE', 'ERROR']);
const isText = (value: unknown): value is string => typeof value === 'string';
const isLength = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value) && value >= 0;

function entryOf(line: string): LedgerEntry | null {
  try {
    const value = JSON.parse(line) as Partial<LedgerEntry> | null;
    const place = value?.place;
    const isWhole =
      value?.schema === 'rollproof.history/1' &&
      [value.runId, value.startedAt, value.scenario, value.version].every(isText) &&
      [place?.environment, place?.balancerKind, place?.balancerName].every(isText) &&
      [value.afterDetachMs, value.afterAttachMs].every(isLength) &&
      VERDICTS.has(value.verdict ?? '') &&
      typeof value.study === 'boolean' &&
      typeof value.censored === 'boolean' &&
      (value.needMs === null || isLength(value.needMs));
    return isWhole ? (value as LedgerEntry) : null;
  } catch (notJson) {
    void notJson;
    return null;
  }
}
