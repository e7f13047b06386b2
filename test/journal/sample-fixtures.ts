import { type DictionaryColumn, ERROR_PHASES, LANES, type SampleBatch } from '../../src/domain/sample.js';

/** One arrival in words; the tests build columns from it and turn columns back into it. */
export interface Row {
  readonly seq: number;
  readonly lane: (typeof LANES)[number];
  readonly scheduledAt: number;
  /** Offsets in µs from scheduledAt, or null. */
  readonly offsetsUs: readonly [number | null, number | null, number | null, number | null];
  readonly status: number;
  readonly errorPhase: (typeof ERROR_PHASES)[number];
  readonly bodyBytes: number;
  readonly bodyOk: number;
  readonly localPort: number;
  readonly connectionId: number;
  readonly connectionUse: number;
  readonly texts: readonly (string | null)[];
}

export const TEXTS = ['statusText', 'server', 'error', 'target', 'version', 'bootId', 'remoteIp'] as const;
const TIMES = ['sentAt', 'connectedAt', 'firstByteAt', 'endedAt'] as const;

export function row(seq: number, over: Partial<Row> = {}): Row {
  return {
    seq,
    lane: LANES[seq % 3]!,
    scheduledAt: seq * 5 + 0.25,
    offsetsUs: [120, 450, 3001, 3999],
    status: 200,
    errorPhase: 'none',
    bodyBytes: 2,
    bodyOk: 1,
    localPort: 40_000,
    connectionId: seq,
    connectionUse: 1,
    texts: ['OK', 'nginx', null, `s-${seq % 2}`, 'v1', 'boot-1', '127.0.0.1'],
    ...over,
  };
}

export function batchOf(rows: readonly Row[]): SampleBatch {
  const at = (index: 0 | 1 | 2 | 3) =>
    Float64Array.from(rows, (r) =>
      r.offsetsUs[index] === null ? Number.NaN : r.scheduledAt + r.offsetsUs[index] / 1000,
    );
  const text = (index: number): DictionaryColumn => {
    const values: (string | null)[] = [null];
    const codes = Uint16Array.from(rows, (r) => {
      const value = r.texts[index] ?? null;
      const known = values.indexOf(value);
      return known === -1 ? values.push(value) - 1 : known;
    });
    return { codes, values };
  };
  return {
    length: rows.length,
    seq: Uint32Array.from(rows, (r) => r.seq),
    lane: Uint8Array.from(rows, (r) => LANES.indexOf(r.lane)),
    scheduledAt: Float64Array.from(rows, (r) => r.scheduledAt),
    sentAt: at(0),
    connectedAt: at(1),
    firstByteAt: at(2),
    endedAt: at(3),
    status: Uint16Array.from(rows, (r) => r.status),
    errorPhase: Uint8Array.from(rows, (r) => ERROR_PHASES.indexOf(r.errorPhase)),
    bodyBytes: Uint32Array.from(rows, (r) => r.bodyBytes),
    bodyOk: Uint8Array.from(rows, (r) => r.bodyOk),
    localPort: Uint16Array.from(rows, (r) => r.localPort),
    connectionId: Uint32Array.from(rows, (r) => r.connectionId),
    connectionUse: Uint32Array.from(rows, (r) => r.connectionUse),
    statusText: text(0),
    server: text(1),
    error: text(2),
    target: text(3),
    version: text(4),
    bootId: text(5),
    remoteIp: text(6),
  };
}

export function rowsOf(batch: SampleBatch): Row[] {
  return Array.from({ length: batch.length }, (_, i) => {
    const scheduledAt = batch.scheduledAt[i]!;
    const us = TIMES.map((name) =>
      Number.isNaN(batch[name][i]) ? null : Math.round((batch[name][i]! - scheduledAt) * 1000),
    );
    return {
      seq: batch.seq[i]!,
      lane: LANES[batch.lane[i]!]!,
      scheduledAt,
      offsetsUs: us as unknown as Row['offsetsUs'],
      status: batch.status[i]!,
      errorPhase: ERROR_PHASES[batch.errorPhase[i]!]!,
      bodyBytes: batch.bodyBytes[i]!,
      bodyOk: batch.bodyOk[i]!,
      localPort: batch.localPort[i]!,
      connectionId: batch.connectionId[i]!,
      connectionUse: batch.connectionUse[i]!,
      texts: TEXTS.map((name) => batch[name].values[batch[name].codes[i]!] ?? null),
    };
  });
}
