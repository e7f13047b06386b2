import { FlatBuffer } from './flat-buffer.js';

/** What an Arrow message is, by the number of its header's type. */
export const HEADER = { schema: 1, dictionary: 2, batch: 3 } as const;

/**
 * Says whether the flatbuffer of an Arrow IPC message can be decoded safely: every list in it must fit in it.
 * A decoder that believes any length can be made to spend minutes and gigabytes by one bad byte.
 */
export function isSafeMetadata(metadata: Buffer): boolean {
  try {
    return headerFits(new FlatBuffer(metadata));
  } catch (error) {
    // A RangeError of an offset outside the buffer: exactly what is being asked.
    if (error instanceof RangeError) return false;
    throw error;
  }
}

function headerFits(flat: FlatBuffer): boolean {
  const message = flat.root();
  const header = flat.child(message, 2);
  if (header === null || !flat.listFits(message, 4, 4)) return false;
  const type = flat.byte(message, 1);
  if (type === HEADER.schema) return schemaFits(flat, header);
  if (type === HEADER.batch) return batchFits(flat, header);
  if (type !== HEADER.dictionary) return false;
  const data = flat.child(header, 1);
  return data !== null && batchFits(flat, data);
}

function batchFits(flat: FlatBuffer, batch: number): boolean {
  return flat.listFits(batch, 1, 16) && flat.listFits(batch, 2, 16) && flat.listFits(batch, 4, 8);
}

function schemaFits(flat: FlatBuffer, schema: number): boolean {
  if (!flat.listFits(schema, 1, 4) || !flat.listFits(schema, 2, 4) || !flat.listFits(schema, 3, 8)) return false;
  // Our columns are flat, so a field with children is not ours and nesting needs no walk.
  return flat.tables(schema, 1).every((field) => flat.isEmpty(field, 5) && flat.listFits(field, 6, 4));
}
