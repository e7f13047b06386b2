import type { Data } from 'apache-arrow';
import type { DictionaryColumn, SampleTable } from '../domain/sample.js';
import { sampleRank } from './sample-order.js';
import { REQUEST_COLUMN, TIME_COLUMNS, WORD_COLUMNS } from './sample-schema.js';
import type { SampleStream, StreamBatch } from './sample-stream.js';
import { TextMerge } from './text-merge.js';

/** A batch with its place in the run before sorting: `from` is the number of its first row. */
interface Placed {
  readonly batch: StreamBatch;
  readonly source: string;
  readonly sourceCode: number;
  readonly from: number;
}

type NumberArray = Uint8Array | Uint16Array | Uint32Array | Float64Array;

/** All rows of all streams as one table, sorted by scheduledAt, then source (by name), then seq. */
export function mergedTable(streams: readonly SampleStream[]): SampleTable {
  const { placed, rows } = placedBatches(streams);
  const rank = rankOf(placed, rows);
  const number = <A extends NumberArray>(name: string, out: A): A => scattered(placed, name, rank, out);
  const text = (name: string): DictionaryColumn => mergedText(placed, name, rank);
  const scheduledAt = number('scheduledAt', new Float64Array(rows));
  const time = (index: 0 | 1 | 2 | 3): Float64Array => instants(placed, TIME_COLUMNS[index][0], rank, scheduledAt);
  const word = (index: 0 | 1): Uint8Array => wordCodes(placed, index, rank);
  return {
    length: rows,
    source: sources(placed, rank),
    seq: number('seq', new Uint32Array(rows)),
    lane: word(0),
    scheduledAt,
    sentAt: time(0),
    connectedAt: time(1),
    firstByteAt: time(2),
    endedAt: time(3),
    status: number('status', new Uint16Array(rows)),
    statusText: text('statusText'),
    server: text('server'),
    error: text('error'),
    errorPhase: word(1),
    bodyBytes: number('bodyBytes', new Uint32Array(rows)),
    bodyOk: number('bodyOk', new Uint8Array(rows)),
    target: text('target'),
    version: text('version'),
    bootId: text('bootId'),
    remoteIp: text('remoteIp'),
    localPort: number('localPort', new Uint16Array(rows)),
    connectionId: number('connectionId', new Uint32Array(rows)),
    connectionUse: number('connectionUse', new Uint32Array(rows)),
    ...(placed.some(({ batch }) => batch.columns.has(REQUEST_COLUMN)) ? { request: text(REQUEST_COLUMN) } : {}),
  };
}

function placedBatches(streams: readonly SampleStream[]): { placed: Placed[]; rows: number } {
  const names = [...new Set(streams.map((stream) => stream.source))].sort();
  const placed: Placed[] = [];
  let rows = 0;
  for (const { source, batches } of streams) {
    for (const batch of batches) {
      placed.push({ batch, source, sourceCode: names.indexOf(source), from: rows });
      rows += batch.rows;
    }
  }
  return { placed, rows };
}

function rankOf(placed: readonly Placed[], rows: number): Uint32Array {
  const scheduledAt = new Float64Array(rows);
  const seq = new Uint32Array(rows);
  const source = new Uint16Array(rows);
  for (const { batch, from, sourceCode } of placed) {
    scheduledAt.set(valuesOf(batch, 'scheduledAt') as Float64Array, from);
    seq.set(valuesOf(batch, 'seq'), from);
    source.fill(sourceCode, from, from + batch.rows);
  }
  return sampleRank({ scheduledAt, seq, source });
}

function scattered<A extends NumberArray>(placed: readonly Placed[], name: string, rank: Uint32Array, out: A): A {
  for (const { batch, from } of placed) {
    const values = valuesOf(batch, name);
    for (let row = 0; row < batch.rows; row++) out[rank[from + row]!] = values[row]!;
  }
  return out;
}

/** `scheduledAt` + the stored µs, NaN where the column is null. */
function instants(placed: readonly Placed[], name: string, rank: Uint32Array, scheduledAt: Float64Array): Float64Array {
  const out = new Float64Array(scheduledAt.length).fill(Number.NaN);
  for (const { batch, from } of placed) {
    const values = valuesOf(batch, name);
    const bitmap = dataOf(batch, name).nullBitmap;
    const whole = bitmap.length === 0;
    for (let row = 0; row < batch.rows; row++) {
      if (!whole && ((bitmap[row >> 3]! >> (row & 7)) & 1) === 0) continue;
      const place = rank[from + row]!;
      out[place] = scheduledAt[place]! + values[row]! / 1000;
    }
  }
  return out;
}

function wordCodes(placed: readonly Placed[], index: 0 | 1, rank: Uint32Array): Uint8Array {
  const [name, words] = WORD_COLUMNS[index];
  const out = new Uint8Array(rank.length);
  for (const { batch, from } of placed) {
    const dictionary: readonly unknown[] = [...(dataOf(batch, name).dictionary ?? [])];
    const map = Uint8Array.from(dictionary, (word) => (words as readonly unknown[]).indexOf(word));
    const values = valuesOf(batch, name);
    for (let row = 0; row < batch.rows; row++) out[rank[from + row]!] = map[values[row]!]!;
  }
  return out;
}

function mergedText(placed: readonly Placed[], name: string, rank: Uint32Array): DictionaryColumn {
  const merge = new TextMerge(rank.length);
  for (const { batch, from } of placed) {
    // Only `request` may be missing, in streams of a source that knows of no several: null there.
    if (batch.columns.has(name)) merge.add(dataOf(batch, name), batch.rows, rank, from);
  }
  return merge.column();
}

function sources(placed: readonly Placed[], rank: Uint32Array): DictionaryColumn {
  const merge = new TextMerge(rank.length);
  for (const { batch, from, source } of placed) merge.fill(source, batch.rows, rank, from);
  return merge.column();
}

function dataOf(batch: StreamBatch, name: string): Data {
  return batch.columns.get(name)!;
}

/** Exactly the batch's rows: Arrow's buffers are padded. */
function valuesOf(batch: StreamBatch, name: string): NumberArray {
  return (dataOf(batch, name).values as NumberArray).subarray(0, batch.rows);
}
