/**
 * A number for each row of a table. Not an array: the columns of a long run are kept in less memory than their values
 * would take, and a value is worked out when it is asked for. Rows outside the table have no value: do not ask for them.
 */
export interface Column {
  readonly length: number;
  at(row: number): number;
}

/** Numbers as they are. A class for each kind of array: one class for all of them would be many times as slow. */
export class DoubleColumn implements Column {
  constructor(private readonly values: Float64Array) {}
  get length(): number {
    return this.values.length;
  }
  at(row: number): number {
    return this.values[row]!;
  }
}

export class LongColumn implements Column {
  constructor(private readonly values: Uint32Array) {}
  get length(): number {
    return this.values.length;
  }
  at(row: number): number {
    return this.values[row]!;
  }
}

export class ShortColumn implements Column {
  constructor(private readonly values: Uint16Array) {}
  get length(): number {
    return this.values.length;
  }
  at(row: number): number {
    return this.values[row]!;
  }
}

export class ByteColumn implements Column {
  constructor(private readonly values: Uint8Array) {}
  get length(): number {
    return this.values.length;
  }
  at(row: number): number {
    return this.values[row]!;
  }
}

/** A column of these very numbers. */
export function columnOf(values: Float64Array | Uint32Array | Uint16Array | Uint8Array): Column {
  if (values instanceof Float64Array) return new DoubleColumn(values);
  if (values instanceof Uint32Array) return new LongColumn(values);
  return values instanceof Uint16Array ? new ShortColumn(values) : new ByteColumn(values);
}

/** Stands for a time that never came. */
export const NEVER_US = 0xffff_ffff;

/** Times (ms) as µs since another time of their row; NEVER_US is NaN. */
export class OffsetColumn implements Column {
  constructor(
    private readonly since: Float64Array,
    private readonly us: Uint32Array,
  ) {}
  get length(): number {
    return this.us.length;
  }
  at(row: number): number {
    const us = this.us[row]!;
    return us === NEVER_US ? Number.NaN : this.since[row]! + us / 1000;
  }
}

/** Numbers that follow from what kind of row it is: of few kinds, so each column costs nothing a row. */
export class KindColumn implements Column {
  constructor(
    private readonly kinds: Uint16Array | Uint32Array,
    private readonly values: Uint16Array,
  ) {}
  get length(): number {
    return this.kinds.length;
  }
  at(row: number): number {
    return this.values[this.kinds[row]!]!;
  }
}

/** Numbers that count the rows. */
export class CountColumn implements Column {
  constructor(
    readonly length: number,
    private readonly first: number,
  ) {}
  at(row: number): number {
    return this.first + row;
  }
}
