import {
  type Data,
  Dictionary,
  Float64,
  makeData,
  RecordBatch,
  type Schema,
  Struct,
  Uint8,
  Uint16,
  Uint32,
  Utf8,
  Vector,
} from 'apache-arrow';
import type { DictionaryColumn, SampleBatch } from '../domain/sample.js';
import { StreamDictionary, textData } from './sample-dictionary.js';
import { NUMBER_COLUMNS, REQUEST_COLUMN, TEXT_COLUMNS, TIME_COLUMNS, WORD_COLUMNS } from './sample-schema.js';

const U32_MAX = 0xffff_ffff;

/** Turns SampleBatches of one stream into Arrow record batches, straight from the typed arrays. */
export class BatchEncoder {
  private readonly words = WORD_COLUMNS.map(([, words]) => ({
    size: words.length,
    vector: new Vector([textData(words)]),
  }));
  private readonly texts = TEXT_COLUMNS.map(() => new StreamDictionary());
  private readonly requests: StreamDictionary | null;

  constructor(private readonly schema: Schema) {
    this.requests = schema.fields.some(({ name }) => name === REQUEST_COLUMN) ? new StreamDictionary() : null;
  }

  /** Throws a RangeError for a batch whose columns do not fit its length or its dictionaries. */
  encode(batch: SampleBatch): RecordBatch {
    const rows = batch.length;
    const children: Data[] = [
      makeData({ type: new Uint32(), nullCount: 0, data: column(batch.seq, rows) }),
      ...WORD_COLUMNS.map(([name], index) => this.word(index, column(batch[name], rows))),
      makeData({ type: new Float64(), nullCount: 0, data: column(batch.scheduledAt, rows) }),
      ...TIME_COLUMNS.map(([, name]) => offsets(column(batch.scheduledAt, rows), column(batch[name], rows))),
      ...NUMBER_COLUMNS.map((name) => numbers(column(batch[name], rows))),
      ...TEXT_COLUMNS.map((name, index) => text(this.texts[index]!, batch[name], rows)),
      ...(this.requests === null ? [] : [text(this.requests, batch.request ?? noText(rows), rows)]),
    ];
    const typed = children.map((data, index) => retyped(data, this.schema, index));
    const type = new Struct(this.schema.fields);
    return new RecordBatch(this.schema, makeData({ type, length: rows, nullCount: 0, children: typed }));
  }

  private word(index: number, data: Uint8Array): Data {
    const { size, vector } = this.words[index]!;
    for (let row = 0; row < data.length; row++)
      if (data[row]! >= size) throw new RangeError(`row ${row} has an unknown word`);
    return makeData({ type: new Dictionary(new Utf8(), new Uint8()), nullCount: 0, data, dictionary: vector });
  }
}

function text(values: StreamDictionary, column: DictionaryColumn, rows: number): Data {
  const { indices, validity, nullCount, dictionary } = values.encode(column, rows);
  const type = new Dictionary(new Utf8(), new Uint16());
  return makeData({ type, length: rows, nullCount, nullBitmap: validity, data: indices, dictionary });
}

/** A column in which nothing is said. */
function noText(rows: number): DictionaryColumn {
  return { codes: new Uint16Array(rows), values: [null] };
}

/** The schema's own type objects carry the dictionary ids the writer files dictionaries under. */
function retyped(data: Data, schema: Schema, index: number): Data {
  return data.clone(schema.fields[index]!.type);
}

function column<A extends Uint8Array | Uint16Array | Uint32Array | Float64Array>(values: A, rows: number): A {
  if (values.length < rows) throw new RangeError(`a column has ${values.length} of ${rows} rows`);
  return values.length === rows ? values : (values.subarray(0, rows) as A);
}

function numbers(data: Uint8Array | Uint16Array | Uint32Array): Data {
  if (data instanceof Uint8Array) return makeData({ type: new Uint8(), nullCount: 0, data });
  if (data instanceof Uint16Array) return makeData({ type: new Uint16(), nullCount: 0, data });
  return makeData({ type: new Uint32(), nullCount: 0, data });
}

/** `at − scheduledAt` in whole µs; NaN = null. */
function offsets(scheduledAt: Float64Array, at: Float64Array): Data {
  const rows = at.length;
  const data = new Uint32Array(rows);
  const nullBitmap = new Uint8Array((rows + 7) >> 3);
  let nullCount = 0;
  for (let row = 0; row < rows; row++) {
    const us = Math.round((at[row]! - scheduledAt[row]!) * 1000);
    if (Number.isNaN(us)) nullCount++;
    else {
      data[row] = Math.min(Math.max(us, 0), U32_MAX);
      nullBitmap[row >> 3]! |= 1 << (row & 7);
    }
  }
  return makeData({ type: new Uint32(), nullCount, nullBitmap, data });
}
