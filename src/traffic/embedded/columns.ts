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

type Views = Record<(typeof FLOATS)[number], Float64Array> &
  Record<(typeof LONGS)[number], Uint32Array> &
  Record<(typeof SHORTS)[number], Uint16Array> &
  Record<(typeof BYTES)[number], Uint8Array>;

/** All columns of `rows` rows side by side in one buffer, widest first, so that every column is aligned. */
function viewsOf(buffer: ArrayBuffer, rows: number): Views {
  const views: Record<string, unknown> = {};
  let at = 0;
  for (const name of FLOATS) views[name] = new Float64Array(buffer, rows * 8 * at++, rows);
  let offset = rows * 8 * FLOATS.length;
  for (const name of LONGS) {
    views[name] = new Uint32Array(buffer, offset, rows);
    offset += rows * 4;
  }
  for (const name of SHORTS) {
    views[name] = new Uint16Array(buffer, offset, rows);
    offset += rows * 2;
  }
  for (const name of BYTES) {
    views[name] = new Uint8Array(buffer, offset, rows);
    offset += rows;
  }
  return views as Views;
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
    this.#views = viewsOf(new ArrayBuffer(capacity * ROW_BYTES), capacity);
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
    const to = viewsOf(buffer, length);
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
    const views = viewsOf(packed.buffer, packed.length);
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
