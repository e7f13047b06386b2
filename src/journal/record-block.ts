import { DataType, type Schema } from 'apache-arrow';
import type { ArrowMessage } from './arrow-messages.js';
import type { FlatBuffer } from './flat-buffer.js';
import type { NumberArray } from './sample-order.js';

/** One column of a record batch, exactly as long as the batch. */
export interface BlockColumn {
  /** Numbers, or places in `words`. */
  readonly values: NumberArray;
  /** Bit i set = row i has a value; null = all have. */
  readonly validity: Uint8Array | null;
  /** The values of a dictionary column. */
  readonly words: readonly string[];
}

/** One record batch whose columns were checked to hold `rows` rows each; views of the message it came in. */
export interface RecordBlock {
  readonly rows: number;
  readonly columns: ReadonlyMap<string, BlockColumn>;
}

/** The dictionaries of a stream as they stand, by id. */
export type Dictionaries = ReadonlyMap<number, readonly string[]>;

const NO_WORDS: readonly string[] = [];
const WIDTHS = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array, 8: Float64Array } as const;

/** How a schema's columns lie in a record batch; null for a schema with columns of a kind we never write. */
export function layoutOf(schema: Schema): readonly ColumnLayout[] | null {
  const columns = schema.fields.map(({ name, type }): ColumnLayout | null => {
    const stored: DataType = DataType.isDictionary(type) ? type.indices : type;
    const width = widthOf(stored);
    return width === null ? null : { name, width, dictionary: DataType.isDictionary(type) ? type.id : null };
  });
  return columns.every((column) => column !== null) ? columns : null;
}

/** A column of fixed width: a bitmap and the values. */
export interface ColumnLayout {
  readonly name: string;
  readonly width: keyof typeof WIDTHS;
  /** Id of its dictionary; null = it has none. */
  readonly dictionary: number | null;
}

function widthOf(type: DataType): keyof typeof WIDTHS | null {
  if (DataType.isFloat(type)) return type.precision === 2 ? 8 : null;
  if (!DataType.isInt(type) || type.isSigned) return null;
  return type.bitWidth === 8 ? 1 : type.bitWidth === 16 ? 2 : type.bitWidth === 32 ? 4 : null;
}

/** Decodes a record batch; null where its header promises more than its body holds: garbage that happens to parse. */
export function recordBlock(
  { flat, header, body }: ArrowMessage,
  layout: readonly ColumnLayout[],
  dictionaries: Dictionaries,
): RecordBlock | null {
  const rows = flat.long(header, 0);
  if (!(rows >= 0) || !isPlain(flat, header, layout.length, 2 * layout.length)) return null;
  const nodes = flat.items(header, 1);
  const buffers = flat.items(header, 2);
  const columns = new Map<string, BlockColumn>();
  for (const [index, { name, width, dictionary }] of layout.entries()) {
    const length = flat.longAt(nodes + 16 * index);
    const nulls = flat.longAt(nodes + 16 * index + 8);
    const bitmap = buffers + 32 * index;
    const validity = nulls === 0 ? null : bytesAt(flat, bitmap, body, (rows + 7) >> 3);
    const bytes = bytesAt(flat, bitmap + 16, body, rows * width);
    // Negated, as a length may be NaN.
    if (!(length >= rows) || !(nulls >= 0) || bytes === null || (nulls > 0 && validity === null)) return null;
    if (bytes.byteOffset % width !== 0) return null;
    const values = new WIDTHS[width](bytes.buffer, bytes.byteOffset, rows);
    const words = dictionary === null ? NO_WORDS : (dictionaries.get(dictionary) ?? NO_WORDS);
    if (dictionary !== null && !areNamed(values, validity, words.length)) return null;
    columns.set(name, { values, validity, words });
  }
  return { rows, columns };
}

/** What a dictionary message says: whose values these are, and whether they follow those there are. Null for garbage. */
export function dictionaryOf({
  flat,
  header,
  body,
}: ArrowMessage): { readonly id: number; readonly words: readonly string[]; readonly isDelta: boolean } | null {
  const data = flat.child(header, 1);
  if (data === null || !isPlain(flat, data, 1, 3)) return null;
  const count = flat.longAt(flat.items(data, 1));
  if (!(count >= 0)) return null;
  const buffers = flat.items(data, 2);
  const ends = bytesAt(flat, buffers + 16, body, 4 * (count + 1));
  const text = bytesAt(flat, buffers + 32, body, 0);
  if (text === null || (count > 0 && (ends === null || ends.byteOffset % 4 !== 0))) return null;
  const words: string[] = [];
  if (count > 0 && ends !== null) {
    const at = new Int32Array(ends.buffer, ends.byteOffset, count + 1);
    const decoded = Buffer.from(text.buffer, text.byteOffset, text.byteLength);
    for (let i = 0; i < count; i++) {
      const [from, to] = [at[i]!, at[i + 1]!];
      if (from < 0 || to < from || to > decoded.length) return null;
      words.push(decoded.toString('utf8', from, to));
    }
  }
  return { id: flat.long(header, 0), words, isDelta: flat.byte(header, 2) === 1 };
}

/** Whether a batch has so many columns and buffers, none of them compressed. */
function isPlain(flat: FlatBuffer, batch: number, columns: number, buffers: number): boolean {
  return flat.count(batch, 1) === columns && flat.count(batch, 2) === buffers && flat.child(batch, 3) === null;
}

/** A buffer of the body, at least so long; null when it is shorter or lies outside. */
function bytesAt(
  flat: FlatBuffer,
  at: number,
  body: Uint8Array<ArrayBuffer>,
  least: number,
): Uint8Array<ArrayBuffer> | null {
  const [offset, length] = [flat.longAt(at), flat.longAt(at + 8)];
  if (!(offset >= 0) || !(length >= least) || !(offset + length <= body.length)) return null;
  return body.subarray(offset, offset + length);
}

/** Every place in a dictionary must have a value there. */
function areNamed(values: NumberArray, validity: Uint8Array | null, known: number): boolean {
  let last = -1;
  for (let row = 0; row < values.length; row++) if (values[row]! > last) last = values[row]!;
  if (last < known) return true;
  for (let row = 0; row < values.length; row++) if (values[row]! >= known && isThere(validity, row)) return false;
  return true;
}

/** Whether a row has a value. */
export function isThere(validity: Uint8Array | null, row: number): boolean {
  return validity === null || ((validity[row >> 3]! >> (row & 7)) & 1) === 1;
}
