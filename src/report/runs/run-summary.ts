import { RESULT_SCHEMA } from '../../domain/result.js';
import type { VerdictKind } from '../../domain/verdict.js';

/** What the index shows of one run, read from its result.json. */
export interface RunSummary {
  readonly verdict: VerdictKind;
  readonly sentence: string;
  readonly codes: readonly string[];
  readonly scenario: string;
  readonly environment: string;
  readonly version: string;
  /** ISO 8601 as recorded: untrusted. */
  readonly startedAtWall: string;
  readonly judged: number;
  readonly failed: number;
  readonly longestOutageMs: number | null;
  readonly deployMs: number | null;
  readonly asleepMs: number;
}

const KINDS: readonly VerdictKind[] = ['PASS', 'FAIL', 'INCONCLUSIVE', 'ERROR'];

/**
 * The summary of a parsed result.json, or null when it is none of this schema: the file lies in a folder that others
 * may write to, so nothing of its shape is taken for granted.
 */
export function summaryOf(document: unknown): RunSummary | null {
  if (at(document, 'schema') !== RESULT_SCHEMA) return null;
  const kind = KINDS.find((k) => k === at(document, 'verdict', 'kind'));
  const startedAtWall = text(document, 'run', 'startedAtWall');
  const judged = figure(document, 'counts', 'judged');
  const failed = figure(document, 'counts', 'failed');
  if (kind === undefined || startedAtWall === null || judged === null || failed === null) return null;
  const codes = at(document, 'verdict', 'codes');
  const outages = at(document, 'outages');
  const lengths = Array.isArray(outages) ? outages.map((o) => figure(o, 'durationEstimateMs') ?? 0) : [];
  return {
    verdict: kind,
    sentence: text(document, 'verdict', 'sentence') ?? '',
    codes: Array.isArray(codes) ? codes.filter((c) => typeof c === 'string') : [],
    scenario: text(document, 'run', 'scenario', 'name') ?? '',
    environment: text(document, 'run', 'scenario', 'environment') ?? '',
    version: text(document, 'run', 'scenario', 'rollout', 'version') ?? '',
    startedAtWall,
    judged,
    failed,
    longestOutageMs: lengths.length === 0 ? null : lengths.reduce((a, b) => Math.max(a, b), 0),
    deployMs: figure(document, 'run', 'deployMs'),
    asleepMs: figure(document, 'run', 'asleepMs') ?? 0,
  };
}

function at(value: unknown, ...path: readonly string[]): unknown {
  let here = value;
  for (const key of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, key)) return undefined;
    here = (here as Readonly<Record<string, unknown>>)[key];
  }
  return here;
}

function text(value: unknown, ...path: readonly string[]): string | null {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : null;
}

function figure(value: unknown, ...path: readonly string[]): number | null {
  const found = at(value, ...path);
  return typeof found === 'number' && Number.isFinite(found) ? found : null;
}
