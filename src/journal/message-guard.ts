/**
 * Says whether the flatbuffer of an Arrow IPC message can be decoded safely: every list in it must fit in it.
 * The decoder of apache-arrow believes any length, so one bad byte could cost minutes and gigabytes.
 * Tables and field numbers are those of Arrow's Message.fbs and Schema.fbs.
 */
export function isSafeMetadata(metadata: Buffer): boolean {
  try {
    return headerFits(new Flat(metadata));
  } catch (error) {
    // A RangeError of an offset outside the buffer: exactly what is being asked.
    if (error instanceof RangeError) return false;
    throw error;
  }
}

const HEADER = { schema: 1, dictionary: 2, batch: 3 } as const;

function headerFits(flat: Flat): boolean {
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

function batchFits(flat: Flat, batch: number): boolean {
  return flat.listFits(batch, 1, 16) && flat.listFits(batch, 2, 16) && flat.listFits(batch, 4, 8);
}

function schemaFits(flat: Flat, schema: number): boolean {
  if (!flat.listFits(schema, 1, 4) || !flat.listFits(schema, 2, 4) || !flat.listFits(schema, 3, 8)) return false;
  // Our columns are flat, so a field with children is not ours and nesting needs no walk.
  return flat.tables(schema, 1).every((field) => flat.isEmpty(field, 5) && flat.listFits(field, 6, 4));
}

/** The few reads of the flatbuffer format this needs; a read outside the buffer throws a RangeError. */
class Flat {
  constructor(private readonly bytes: Buffer) {}

  root(): number {
    return this.bytes.readUInt32LE(0);
  }

  byte(table: number, field: number): number {
    const at = this.field(table, field);
    return at === null ? 0 : this.bytes.readUInt8(at);
  }

  child(table: number, field: number): number | null {
    const at = this.field(table, field);
    return at === null ? null : at + this.bytes.readUInt32LE(at);
  }

  listFits(table: number, field: number, itemBytes: number): boolean {
    const at = this.child(table, field);
    return at === null || at + 4 + this.bytes.readUInt32LE(at) * itemBytes <= this.bytes.length;
  }

  isEmpty(table: number, field: number): boolean {
    const at = this.child(table, field);
    return at === null || this.bytes.readUInt32LE(at) === 0;
  }

  /** Call only after {@link listFits}. */
  tables(table: number, field: number): number[] {
    const list = this.child(table, field);
    if (list === null) return [];
    return Array.from({ length: this.bytes.readUInt32LE(list) }, (_, index) => {
      const at = list + 4 + index * 4;
      return at + this.bytes.readUInt32LE(at);
    });
  }

  private field(table: number, field: number): number | null {
    const vtable = table - this.bytes.readInt32LE(table);
    const slot = 4 + field * 2;
    if (slot >= this.bytes.readUInt16LE(vtable)) return null;
    const offset = this.bytes.readUInt16LE(vtable + slot);
    return offset === 0 ? null : table + offset;
  }
}
