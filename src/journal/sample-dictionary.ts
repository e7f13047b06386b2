import { type Data, makeData, Utf8, Vector } from 'apache-arrow';
import type { DictionaryColumn } from '../domain/sample.js';

/** Codes of one batch against the stream's dictionary; `validity` has bit i set where row i has a value. */
export interface EncodedText {
  readonly indices: Uint16Array;
  readonly validity: Uint8Array;
  readonly nullCount: number;
  readonly dictionary: Vector<Utf8>;
}

/** Beyond this many values a dictionary starts over with those of the batch at hand. */
const VALUES_KEPT = 4096;

/**
 * The dictionary of one text column over a stream. It grows by *replacement*: when a batch brings new values the
 * whole dictionary is sent again, which every Arrow reader understands; delta dictionaries are not (Polars,
 * arrow-rs). VALUES_KEPT bounds the price when a server sends a new value with every response.
 */
export class StreamDictionary {
  private codes = new Map<string, number>();
  private vector = new Vector([textData([])]);

  /** Throws a RangeError when a code has no value: such a batch must not reach the disk. */
  encode(column: DictionaryColumn, length: number): EncodedText {
    const used = usedValues(column, length);
    this.grow(used);
    const map = new Uint16Array(column.values.length);
    for (const [code, value] of used) map[code] = this.codes.get(value) ?? 0;
    const indices = new Uint16Array(length);
    const validity = new Uint8Array((length + 7) >> 3);
    let nullCount = 0;
    for (let row = 0; row < length; row++) {
      const code = column.codes[row]!;
      if (column.values[code] === null) nullCount++;
      else {
        indices[row] = map[code]!;
        validity[row >> 3]! |= 1 << (row & 7);
      }
    }
    return { indices, validity, nullCount, dictionary: this.vector };
  }

  private grow(used: ReadonlyMap<number, string>): void {
    const fresh = new Set<string>();
    for (const value of used.values()) if (!this.codes.has(value)) fresh.add(value);
    if (fresh.size === 0) return;
    const keep = this.codes.size + fresh.size <= VALUES_KEPT;
    const values = keep ? [...this.codes.keys(), ...fresh] : [...new Set(used.values())];
    this.codes = new Map(values.map((value, code) => [value, code]));
    this.vector = new Vector([textData(values)]);
  }
}

function usedValues(column: DictionaryColumn, length: number): Map<number, string> {
  const { codes, values } = column;
  const seen = new Uint8Array(values.length);
  for (let row = 0; row < length; row++) {
    const code = codes[row];
    if (code === undefined || code >= values.length) throw new RangeError(`row ${row} has no dictionary value`);
    seen[code] = 1;
  }
  const used = new Map<number, string>();
  for (const [code, value] of values.entries()) if (seen[code] === 1 && value !== null) used.set(code, value);
  return used;
}

/** An Arrow text array of exactly these values. */
export function textData(values: readonly string[]): Data<Utf8> {
  const encoded = values.map((value) => Buffer.from(value, 'utf8'));
  const valueOffsets = new Int32Array(values.length + 1);
  for (const [index, bytes] of encoded.entries()) valueOffsets[index + 1] = valueOffsets[index]! + bytes.length;
  const data = new Uint8Array(Buffer.concat(encoded));
  return makeData({ type: new Utf8(), length: values.length, nullCount: 0, valueOffsets, data });
}
