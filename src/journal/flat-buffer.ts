/**
 * The few reads of the flatbuffer format that Arrow's messages need; a read outside the buffer throws a RangeError. Field
 * numbers are those of Arrow's Message.fbs and Schema.fbs.
 */
export class FlatBuffer {
  constructor(private readonly bytes: Buffer) {}

  root(): number {
    return this.bytes.readUInt32LE(0);
  }

  byte(table: number, field: number): number {
    const at = this.field(table, field);
    return at === null ? 0 : this.bytes.readUInt8(at);
  }

  /** A 64-bit number of a table; NaN beyond what a double holds exactly. */
  long(table: number, field: number): number {
    const at = this.field(table, field);
    return at === null ? 0 : this.longAt(at);
  }

  /** The 64-bit number that stands at `at`. */
  longAt(at: number): number {
    const value = this.bytes.readInt32LE(at + 4) * 2 ** 32 + this.bytes.readUInt32LE(at);
    return Number.isSafeInteger(value) ? value : Number.NaN;
  }

  child(table: number, field: number): number | null {
    const at = this.field(table, field);
    return at === null ? null : at + this.bytes.readUInt32LE(at);
  }

  /** Whether a list of items of so many bytes lies within the buffer; true of a list that is not there. */
  listFits(table: number, field: number, itemBytes: number): boolean {
    const at = this.child(table, field);
    return at === null || at + 4 + this.bytes.readUInt32LE(at) * itemBytes <= this.bytes.length;
  }

  isEmpty(table: number, field: number): boolean {
    return this.count(table, field) === 0;
  }

  /** Items of a list. */
  count(table: number, field: number): number {
    const at = this.child(table, field);
    return at === null ? 0 : this.bytes.readUInt32LE(at);
  }

  /** Where the first item of a list of structs stands; the others follow it. Call only where the list has items. */
  items(table: number, field: number): number {
    return (this.child(table, field) ?? Number.NaN) + 4;
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
