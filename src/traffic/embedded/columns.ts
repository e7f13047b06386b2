import type { SampleBatch } from '../../domain/sample.js';
import { Dictionary } from './dictionary.js';

/** The sample columns that hold strings, as codes of one dictionary each. */
export const TEXT_COLUMNS = [
  'statusText',
  'server',
  'error',
  'target',
  'version',
  'bootId',
  'remoteIp',
  'request',
] as const;
export type TextColumn = (typeof TEXT_COLUMNS)[number];
export type Dictionaries = Readonly<Record<TextColumn, Dictionary>>;

/** One ended arrival, every column as a number. One object is filled again and again: a row costs no garbage. */
export interface Row {
  seq: number;
  lane: number;
  scheduledAt: number;
  sentAt: number;
  connectedAt: number;
  firstByteAt: number;
  endedAt: number;
  status: number;
  statusText: number;
  server: number;
  error: number;
  errorPhase: number;
  bodyBytes: number;
  bodyOk: number;
  target: number;
  version: number;
  bootId: number;
  remoteIp: number;
  localPort: number;
  connectionId: number;
  connectionUse: number;
  request: number;
}

const FLOATS = ['scheduledAt', 'sentAt', 'connectedAt', 'firstByteAt', 'endedAt'] as const;
const LONGS = ['seq', 'bodyBytes', 'connectionId', 'connectionUse'] as const;
const SHORTS = ['status', 'localPort', ...TEXT_COLUMNS] as const;
const BYTES = ['lane', 'errorPhase', 'bodyOk'] as const;
const ROW_BYTES = FLOATS.length * 8 + LONGS.length * 4 + SHORTS.length * 2 + BYTES.length;

/**
 * All columns of `rows` rows side by side in one buffer, widest first, so that every column is aligned. A field each,
 * written out: an object built by computed names becomes a hash table in V8, and 22 look-ups a row are most of its cost.
 */
class Views {
  readonly scheduledAt: Float64Array;
  readonly sentAt: Float64Array;
  readonly connectedAt: Float64Array;
  readonly firstByteAt: Float64Array;
  readonly endedAt: Float64Array;
  readonly seq: Uint32Array;
  readonly bodyBytes: Uint32Array;
  readonly connectionId: Uint32Array;
  readonly connectionUse: Uint32Array;
  readonly status: Uint16Array;
  readonly localPort: Uint16Array;
  readonly statusText: Uint16Array;
  readonly server: Uint16Array;
  readonly error: Uint16Array;
  readonly target: Uint16Array;
  readonly version: Uint16Array;
  readonly bootId: Uint16Array;
  readonly remoteIp: Uint16Array;
  readonly request: Uint16Array;
  readonly lane: Uint8Array;
  readonly errorPhase: Uint8Array;
  readonly bodyOk: Uint8Array;

  constructor(buffer: ArrayBuffer, rows: number) {
    let offset = 0;
    const column = <A>(type: new (buffer: ArrayBuffer, offset: number, rows: number) => A, bytes: number): A => {
      const view = new type(buffer, offset, rows);
      offset += rows * bytes;
      return view;
    };
    this.scheduledAt = column(Float64Array, 8);
    this.sentAt = column(Float64Array, 8);
    this.connectedAt = column(Float64Array, 8);
    this.firstByteAt = column(Float64Array, 8);
    this.endedAt = column(Float64Array, 8);
    this.seq = column(Uint32Array, 4);
    this.bodyBytes = column(Uint32Array, 4);
    this.connectionId = column(Uint32Array, 4);
    this.connectionUse = column(Uint32Array, 4);
    this.status = column(Uint16Array, 2);
    this.localPort = column(Uint16Array, 2);
    this.statusText = column(Uint16Array, 2);
    this.server = column(Uint16Array, 2);
    this.error = column(Uint16Array, 2);
    this.target = column(Uint16Array, 2);
    this.version = column(Uint16Array, 2);
    this.bootId = column(Uint16Array, 2);
    this.remoteIp = column(Uint16Array, 2);
    this.request = column(Uint16Array, 2);
    this.lane = column(Uint8Array, 1);
    this.errorPhase = column(Uint8Array, 1);
    this.bodyOk = column(Uint8Array, 1);
  }
}

/** Rows on their way to the main thread: one transferable buffer and the dictionary values it has not seen yet. */
export interface PackedBatch {
  readonly length: number;
  readonly buffer: ArrayBuffer;
  readonly newValues: Readonly<Record<TextColumn, readonly string[]>>;
}

/** Preallocated columns of one thread. Rows stand in the order in which arrivals ended, which is not that of `seq`. */
export class SampleColumns {
  readonly dictionaries: Dictionaries = {
    statusText: new Dictionary(),
    server: new Dictionary(),
    error: new Dictionary(),
    target: new Dictionary(),
    version: new Dictionary(),
    bootId: new Dictionary(),
    remoteIp: new Dictionary(),
    request: new Dictionary(),
  };
  readonly capacity: number;
  readonly #views: Views;
  #length = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.#views = new Views(new ArrayBuffer(capacity * ROW_BYTES), capacity);
  }

  get length(): number {
    return this.#length;
  }

  get full(): boolean {
    return this.#length === this.capacity;
  }

  /** Copies `row`; the caller takes the batch before the columns are full. */
  add(row: Readonly<Row>): void {
    if (this.full) throw new RangeError('sample columns are full: take() the batch first');
    const v = this.#views;
    const i = this.#length++;
    v.seq[i] = row.seq;
    v.lane[i] = row.lane;
    v.scheduledAt[i] = row.scheduledAt;
    v.sentAt[i] = row.sentAt;
    v.connectedAt[i] = row.connectedAt;
    v.firstByteAt[i] = row.firstByteAt;
    v.endedAt[i] = row.endedAt;
    v.status[i] = row.status;
    v.statusText[i] = row.statusText;
    v.server[i] = row.server;
    v.error[i] = row.error;
    v.errorPhase[i] = row.errorPhase;
    v.bodyBytes[i] = Math.min(row.bodyBytes, 0xffffffff);
    v.bodyOk[i] = row.bodyOk;
    v.target[i] = row.target;
    v.version[i] = row.version;
    v.bootId[i] = row.bootId;
    v.remoteIp[i] = row.remoteIp;
    v.localPort[i] = row.localPort;
    v.connectionId[i] = row.connectionId;
    v.connectionUse[i] = row.connectionUse;
    v.request[i] = row.request;
  }

  /** Moves the rows out, exactly sized; null when there are none. */
  take(): PackedBatch | null {
    const length = this.#length;
    if (length === 0) return null;
    const buffer = new ArrayBuffer(length * ROW_BYTES);
    const to = new Views(buffer, length);
    const from = this.#views;
    for (const name of FLOATS) to[name].set(from[name].subarray(0, length));
    for (const name of LONGS) to[name].set(from[name].subarray(0, length));
    for (const name of SHORTS) to[name].set(from[name].subarray(0, length));
    for (const name of BYTES) to[name].set(from[name].subarray(0, length));
    this.#length = 0;
    const newValues = Object.fromEntries(TEXT_COLUMNS.map((name) => [name, this.dictionaries[name].takeNew()]));
    return { length, buffer, newValues: newValues as Record<TextColumn, string[]> };
  }
}

/**
 * Rebuilds domain batches on the other side, without copying a row. Batches must be unpacked in the order they were
 * taken, for each carries only the dictionary values added since the one before.
 */
export class BatchUnpacker {
  readonly #values: Record<TextColumn, readonly (string | null)[]> = {
    statusText: [null],
    server: [null],
    error: [null],
    target: [null],
    version: [null],
    bootId: [null],
    remoteIp: [null],
    request: [null],
  };

  unpack(packed: PackedBatch): SampleBatch {
    const views = new Views(packed.buffer, packed.length);
    const text = (name: TextColumn) => {
      const fresh = packed.newValues[name];
      // A new array instead of a push: batches handed out earlier must not change.
      if (fresh.length > 0) this.#values[name] = [...this.#values[name], ...fresh];
      return { codes: views[name], values: this.#values[name] };
    };
    return {
      ...views,
      length: packed.length,
      statusText: text('statusText'),
      server: text('server'),
      error: text('error'),
      target: text('target'),
      version: text('version'),
      bootId: text('bootId'),
      remoteIp: text('remoteIp'),
      request: text('request'),
    };
  }
}
