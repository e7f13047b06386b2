import { type DictionaryColumn, ERROR_PHASES, LANES, type SampleBatch } from '../../../src/domain/sample.js';

/** One sample as an object, codes turned into words. */
export interface RowView {
  readonly seq: number;
  readonly lane: string;
  readonly scheduledAt: number;
  readonly sentAt: number;
  readonly connectedAt: number;
  readonly firstByteAt: number;
  readonly endedAt: number;
  readonly status: number;
  readonly error: string | null;
  readonly errorPhase: string;
  readonly statusText: string | null;
  readonly server: string | null;
  readonly target: string | null;
  readonly version: string | null;
  readonly remoteIp: string | null;
  readonly bodyBytes: number;
  readonly bodyOk: number;
  readonly localPort: number;
  readonly connectionId: number;
  readonly connectionUse: number;
  readonly request: string | null;
}

/** All rows of some batches, sorted by seq. */
export function rowsOf(batches: readonly SampleBatch[]): RowView[] {
  const rows: RowView[] = [];
  for (const b of batches) {
    for (let i = 0; i < b.length; i++) {
      const text = (column: DictionaryColumn) => column.values[column.codes[i]!]!;
      rows.push({
        seq: b.seq[i]!,
        lane: LANES[b.lane[i]!]!,
        scheduledAt: b.scheduledAt[i]!,
        sentAt: b.sentAt[i]!,
        connectedAt: b.connectedAt[i]!,
        firstByteAt: b.firstByteAt[i]!,
        endedAt: b.endedAt[i]!,
        status: b.status[i]!,
        error: text(b.error),
        errorPhase: ERROR_PHASES[b.errorPhase[i]!]!,
        statusText: text(b.statusText),
        server: text(b.server),
        target: text(b.target),
        version: text(b.version),
        remoteIp: text(b.remoteIp),
        bodyBytes: b.bodyBytes[i]!,
        bodyOk: b.bodyOk[i]!,
        localPort: b.localPort[i]!,
        connectionId: b.connectionId[i]!,
        connectionUse: b.connectionUse[i]!,
        request: b.request === undefined ? null : text(b.request),
      });
    }
  }
  return rows.sort((a, b) => a.seq - b.seq);
}
