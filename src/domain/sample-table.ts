import { type Column, columnOf } from './column.js';
import type { DictionaryColumn, SampleBatch, SampleTable, TextColumn } from './sample.js';

/** Columns as a table asks them, of rows that are in its order already. */
export function sampleTable({ request, ...batch }: SampleBatch, source: DictionaryColumn): SampleTable {
  const text = ({ codes, values }: DictionaryColumn): TextColumn => ({ codes: columnOf(codes), values });
  return {
    length: batch.length,
    source: text(source),
    seq: columnOf(batch.seq),
    lane: columnOf(batch.lane),
    scheduledAt: batch.scheduledAt,
    sentAt: columnOf(batch.sentAt),
    connectedAt: columnOf(batch.connectedAt),
    firstByteAt: columnOf(batch.firstByteAt),
    endedAt: columnOf(batch.endedAt),
    status: columnOf(batch.status),
    statusText: text(batch.statusText),
    server: text(batch.server),
    error: text(batch.error),
    errorPhase: columnOf(batch.errorPhase),
    bodyBytes: columnOf(batch.bodyBytes),
    bodyOk: columnOf(batch.bodyOk),
    target: text(batch.target),
    version: text(batch.version),
    bootId: text(batch.bootId),
    remoteIp: text(batch.remoteIp),
    localPort: columnOf(batch.localPort),
    connectionId: columnOf(batch.connectionId),
    connectionUse: columnOf(batch.connectionUse),
    ...(request === undefined ? {} : { request: text(request) }),
  };
}

/** The rows [from, to) of a whole table as they are written; columns it lacks say nothing. */
export function batchOf(table: SampleTable, from: number, to: number): SampleBatch {
  const length = to - from;
  const filled = <A extends Float64Array | Uint32Array | Uint16Array | Uint8Array>(
    column: Column | undefined,
    values: A,
  ): A => {
    if (column !== undefined) for (let i = 0; i < length; i++) values[i] = column.at(from + i);
    return values;
  };
  const long = (column: Column | undefined) => filled(column, new Uint32Array(length));
  const short = (column: Column | undefined) => filled(column, new Uint16Array(length));
  const byte = (column: Column) => filled(column, new Uint8Array(length));
  const time = (column: Column | undefined) => filled(column, new Float64Array(length).fill(Number.NaN));
  const text = ({ codes, values }: TextColumn): DictionaryColumn => ({ codes: short(codes), values });
  return {
    length,
    seq: long(table.seq),
    lane: byte(table.lane),
    scheduledAt: table.scheduledAt.slice(from, to),
    sentAt: time(table.sentAt),
    connectedAt: time(table.connectedAt),
    firstByteAt: time(table.firstByteAt),
    endedAt: time(table.endedAt),
    status: short(table.status),
    statusText: text(table.statusText),
    server: text(table.server),
    error: text(table.error),
    errorPhase: byte(table.errorPhase),
    bodyBytes: long(table.bodyBytes),
    bodyOk: byte(table.bodyOk),
    target: text(table.target),
    version: text(table.version),
    bootId: text(table.bootId),
    remoteIp: text(table.remoteIp),
    localPort: short(table.localPort),
    connectionId: long(table.connectionId),
    connectionUse: long(table.connectionUse),
    ...(table.request === undefined ? {} : { request: text(table.request) }),
  };
}
