import type { Column } from '../../src/domain/column.js';
import { ERROR_PHASES, LANES, type SampleTable } from '../../src/domain/sample.js';
import type { Row } from './fact-builder.js';

/** A table taken apart into rows again, so that a test can change or drop some. */
export function rowsOf(table: SampleTable): readonly Row[] {
  const word = (column: SampleTable['target'], i: number) => column.values[column.codes.at(i)] ?? null;
  const time = (column: Column, i: number) => (Number.isNaN(column.at(i)) ? null : column.at(i));
  return Array.from({ length: table.length }, (_, i) => ({
    source: word(table.source, i) ?? 'node',
    seq: table.seq.at(i),
    lane: LANES[table.lane.at(i)] ?? 'new',
    scheduledAt: table.scheduledAt[i]!,
    sentAt: time(table.sentAt, i),
    connectedAt: time(table.connectedAt, i),
    endedAt: time(table.endedAt, i),
    status: table.status.at(i),
    statusText: word(table.statusText, i),
    server: word(table.server, i),
    error: word(table.error, i),
    errorPhase: ERROR_PHASES[table.errorPhase.at(i)] ?? 'none',
    bodyOk: table.bodyOk.at(i) as 0 | 1 | 2,
    target: word(table.target, i),
    version: word(table.version, i),
    bootId: word(table.bootId, i),
    remoteIp: word(table.remoteIp, i),
    connectionUse: table.connectionUse.at(i),
  }));
}
