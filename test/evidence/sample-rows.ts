import { SAMPLE_CLASSES, type SampleClass } from '../../src/domain/outage.js';
import {
  type DictionaryColumn,
  ERROR_PHASES,
  type ErrorPhase,
  LANES,
  type Lane,
  type SampleTable,
} from '../../src/domain/sample.js';
import { sampleTable as tableOf } from '../../src/domain/sample-table.js';
import type { ClassColumns } from '../../src/evidence/classify.js';

/** One row as a test writes it down; what it leaves out is absent. */
export interface SampleRow {
  readonly sentAt?: number;
  readonly endedAt?: number;
  readonly lane?: Lane;
  readonly status?: number;
  readonly statusText?: string;
  readonly server?: string;
  readonly error?: string;
  readonly errorPhase?: ErrorPhase;
  readonly bodyOk?: 0 | 1 | 2;
  readonly target?: string | null;
  readonly version?: string | null;
  readonly bootId?: string | null;
  readonly remoteIp?: string | null;
  /** Given in any row, the table has the column. */
  readonly request?: string;
}

function dictionary(values: readonly (string | null | undefined)[]): DictionaryColumn {
  const known: (string | null)[] = [null];
  const codes = Uint16Array.from(values, (value) => {
    if (value === null || value === undefined) return 0;
    const at = known.indexOf(value);
    return at >= 0 ? at : known.push(value) - 1;
  });
  return { codes, values: known };
}

export function sampleTable(rows: readonly SampleRow[]): SampleTable {
  const zeros = new Uint32Array(rows.length);
  const batch = {
    length: rows.length,
    seq: Uint32Array.from(rows.keys()),
    lane: Uint8Array.from(rows, (r) => LANES.indexOf(r.lane ?? 'new')),
    scheduledAt: Float64Array.from(rows, (r) => r.sentAt ?? Number.NaN),
    sentAt: Float64Array.from(rows, (r) => r.sentAt ?? Number.NaN),
    connectedAt: Float64Array.from(rows, (r) => r.sentAt ?? Number.NaN),
    firstByteAt: Float64Array.from(rows, (r) => r.endedAt ?? Number.NaN),
    endedAt: Float64Array.from(rows, (r) => r.endedAt ?? Number.NaN),
    status: Uint16Array.from(rows, (r) => r.status ?? 0),
    statusText: dictionary(rows.map((r) => r.statusText)),
    server: dictionary(rows.map((r) => r.server)),
    error: dictionary(rows.map((r) => r.error)),
    errorPhase: Uint8Array.from(rows, (r) => ERROR_PHASES.indexOf(r.errorPhase ?? 'none')),
    bodyBytes: zeros,
    bodyOk: Uint8Array.from(rows, (r) => r.bodyOk ?? 2),
    target: dictionary(rows.map((r) => r.target)),
    version: dictionary(rows.map((r) => r.version)),
    bootId: dictionary(rows.map((r) => r.bootId)),
    remoteIp: dictionary(rows.map((r) => r.remoteIp)),
    localPort: new Uint16Array(rows.length),
    connectionId: zeros,
    connectionUse: zeros,
    ...(rows.some((r) => r.request !== undefined) ? { request: dictionary(rows.map((r) => r.request)) } : {}),
  };
  return tableOf(batch, dictionary(rows.map(() => 'test')));
}

/** Class columns for rows whose class the test names itself. */
export function classColumns(classes: readonly SampleClass[]): ClassColumns {
  const unknown = new Set<SampleClass>(['client', 'dropped', 'aborted', 'dns']);
  return {
    class: Uint8Array.from(classes, (c) => SAMPLE_CLASSES.indexOf(c)),
    origin: new Uint8Array(classes.length),
    admissible: Uint8Array.from(classes, (c) => (unknown.has(c) ? 0 : 1)),
    failed: Uint8Array.from(classes, (c) => (c === 'ok' || unknown.has(c) ? 0 : 1)),
    forgeable: new Uint8Array(classes.length),
  };
}
