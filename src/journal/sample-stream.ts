import { closeSync, openSync } from 'node:fs';
import { type Data, DataType, type RecordBatch, RecordBatchReader, type Schema } from 'apache-arrow';
import { RollproofError } from '../domain/errors.js';
import type { SampleStreamFacts } from '../domain/sample.js';
import { messagesOf } from './arrow-messages.js';
import { METADATA, REQUEST_COLUMN, SAMPLE_SCHEMA_VERSION, sampleSchema, WORD_COLUMNS } from './sample-schema.js';

/** One record batch whose columns were checked to hold `rows` rows each. */
export interface StreamBatch {
  readonly rows: number;
  /** In the order of {@link sampleSchema}'s fields. */
  readonly columns: ReadonlyMap<string, Data>;
}

/** Called for every whole batch of a stream, in its order. */
export type TakeBatch = (source: string, batch: StreamBatch) => void;

/**
 * Reads one `.arrows` file. Truncation at any byte and garbage give fewer batches and `complete: false`, never an
 * error; only an unreadable file (RUN_DIRECTORY_INVALID) and a newer schema (FACTS_FROM_THE_FUTURE) throw.
 * `fallbackSource` names the stream when not even its schema can be read. Batches are handed over one by one and not kept.
 */
export function readStream(file: string, fallbackSource: string, take: TakeBatch): SampleStreamFacts {
  const fd = opened(file);
  try {
    const messages = messagesOf(fd);
    let rows = 0;
    let source = fallbackSource;
    let sound = false;
    try {
      const reader = RecordBatchReader.from(messages).open({ autoDestroy: false });
      source = sourceOf(reader.schema, fallbackSource, file);
      sound = hasOurColumns(reader.schema);
      for (const batch of sound ? reader : []) {
        const checked = checkedBatch(batch);
        sound = checked !== null;
        if (checked === null) break;
        if (checked.rows > 0) take(source, checked);
        rows += checked.rows;
      }
    } catch (error) {
      if (error instanceof RollproofError) throw error;
      sound = false;
    }
    return { source, rows, complete: sound && messages.ended() };
  } finally {
    closeSync(fd);
  }
}

function opened(file: string): number {
  try {
    return openSync(file, 'r');
  } catch (cause) {
    throw new RollproofError('RUN_DIRECTORY_INVALID', `cannot read ${file}`, { cause, hint: 'Check its permissions.' });
  }
}

function sourceOf(schema: Schema | null | undefined, fallback: string, file: string): string {
  const version = Number(schema?.metadata.get(METADATA.version) ?? Number.NaN);
  if (version > SAMPLE_SCHEMA_VERSION) {
    throw new RollproofError(
      'FACTS_FROM_THE_FUTURE',
      `${file} has sample schema version ${version}, this rollproof reads up to ${SAMPLE_SCHEMA_VERSION}`,
      { hint: 'Update rollproof, or use the version that made the run.' },
    );
  }
  return schema?.metadata.get(METADATA.source) ?? fallback;
}

function hasOurColumns(schema: Schema | null | undefined): boolean {
  const found = new Map((schema?.fields ?? []).map((field) => [field.name, String(field.type)]));
  const expected = sampleSchema('', found.has(REQUEST_COLUMN)).fields;
  return expected.every((field) => found.get(field.name) === String(field.type));
}

/** Null when a header promises more rows than its buffers hold: garbage that happens to parse. */
function checkedBatch(batch: RecordBatch): StreamBatch | null {
  const rows = batch.numRows;
  const columns = new Map<string, Data>();
  // What the reader makes up for a stream without batches has no buffers to check.
  if (rows === 0) return { rows, columns };
  for (const [index, field] of batch.schema.fields.entries()) {
    const data = batch.data.children[index];
    if (data === undefined || data.length < rows || data.offset !== 0) return null;
    const values: unknown = data.values;
    if (!ArrayBuffer.isView(values) || (values as Uint8Array).length < rows) return null;
    if (data.nullBitmap.length > 0 && data.nullBitmap.length < (rows + 7) >> 3) return null;
    if (!hasItsWords(field.name, data, rows)) return null;
    columns.set(field.name, data);
  }
  return { rows, columns };
}

const WORDS = new Map<string, readonly string[]>(WORD_COLUMNS);

/** Every index of a dictionary column must name a value, and a closed list's values must be ours. */
function hasItsWords(name: string, data: Data, rows: number): boolean {
  if (!DataType.isDictionary(data.type)) return true;
  const texts: readonly Data[] = data.dictionary?.data ?? [];
  if (!texts.every((chunk) => chunk.valueOffsets.length > chunk.length)) return false;
  const indices = data.values as Uint8Array | Uint16Array;
  const known = data.dictionary?.length ?? 0;
  const words = WORDS.get(name);
  if (words !== undefined && ![...(data.dictionary ?? [])].every((word) => words.includes(word))) return false;
  for (let row = 0; row < rows; row++) if (indices[row]! >= known && isPresent(data, row)) return false;
  return true;
}

function isPresent(data: Data, row: number): boolean {
  return data.nullBitmap.length === 0 || ((data.nullBitmap[row >> 3]! >> (row & 7)) & 1) === 1;
}
