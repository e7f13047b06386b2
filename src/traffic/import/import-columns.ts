import { ENGINE_ERRORS, LANES, type SampleBatch } from '../../domain/sample.js';
import { Dictionary } from '../embedded/dictionary.js';
import { type ForeignRecord, phaseCode } from '../foreign/foreign-record.js';

const START_ROWS = 1 << 16;

const COLUMNS = [
  ...([
    'lane',
    'number',
    'scheduledAt',
    'sentAt',
    'connectedAt',
    'firstByteAt',
    'endedAt',
    'status',
    'statusText',
  ] as const),
  ...([
    'server',
    'error',
    'errorPhase',
    'bodyBytes',
    'bodyOk',
    'target',
    'version',
    'bootId',
    'remoteIp',
    'connectionUse',
  ] as const),
];

/** Columns that grow: a million rows cost a million numbers, no objects. Times are wall-clock ms; NaN = unknown. */
export class ImportColumns {
  length = 0;
  lane = new Uint8Array(START_ROWS);
  /** The tool's own number of the arrival in its lane; -1 = it has none. */
  number = new Int32Array(START_ROWS);
  scheduledAt = new Float64Array(START_ROWS);
  sentAt = new Float64Array(START_ROWS);
  connectedAt = new Float64Array(START_ROWS);
  firstByteAt = new Float64Array(START_ROWS);
  endedAt = new Float64Array(START_ROWS);
  status = new Uint16Array(START_ROWS);
  statusText = new Uint16Array(START_ROWS);
  server = new Uint16Array(START_ROWS);
  error = new Uint16Array(START_ROWS);
  errorPhase = new Uint8Array(START_ROWS);
  bodyBytes = new Uint32Array(START_ROWS);
  bodyOk = new Uint8Array(START_ROWS);
  target = new Uint16Array(START_ROWS);
  version = new Uint16Array(START_ROWS);
  bootId = new Uint16Array(START_ROWS);
  remoteIp = new Uint16Array(START_ROWS);
  connectionUse = new Uint32Array(START_ROWS);
  readonly texts = {
    statusText: new Dictionary(),
    server: new Dictionary(),
    error: new Dictionary(),
    target: new Dictionary(),
    version: new Dictionary(),
    bootId: new Dictionary(),
    remoteIp: new Dictionary(),
  };

  /** Index of a new row, everything in it zero but the number and the times, which are unknown. */
  add(): number {
    if (this.length === this.lane.length) this.#grow();
    const row = this.length++;
    this.number[row] = -1;
    this.bodyOk[row] = 2;
    this.scheduledAt[row] = Number.NaN;
    this.sentAt[row] = Number.NaN;
    this.connectedAt[row] = Number.NaN;
    this.firstByteAt[row] = Number.NaN;
    this.endedAt[row] = Number.NaN;
    return row;
  }

  /** A new row with what the record says; returns its index. */
  put(record: ForeignRecord): number {
    const row = this.add();
    this.lane[row] = LANES.indexOf(record.lane);
    this.errorPhase[row] = phaseCode(record.errorPhase);
    for (const name of ['number', 'status', 'bodyOk', 'bodyBytes'] as const) this[name][row] = record[name];
    for (const name of ['scheduledAt', 'sentAt', 'connectedAt', 'firstByteAt', 'endedAt'] as const)
      this[name][row] = record[name];
    for (const name of ['statusText', 'server', 'target', 'version', 'bootId', 'remoteIp'] as const)
      this[name][row] = this.texts[name].codeOfText(record[name]);
    const isSent = !Number.isNaN(record.sentAt);
    this.error[row] = this.texts.error.codeOfText(record.error ?? (isSent ? '' : ENGINE_ERRORS.dropped));
    this.connectionUse[row] = record.error === null && isSent ? (record.isReused ? 2 : 1) : 0;
    return row;
  }

  /** Rows in the order they were due, as batches of the journal; `offsetMs` is taken off every time. */
  *batches(offsetMs: number, batchRows = 1 << 16): Generator<SampleBatch> {
    const order = this.#order();
    for (let from = 0; from < this.length; from += batchRows)
      yield this.#batch(order.subarray(from, Math.min(from + batchRows, this.length)), from, offsetMs);
  }

  /** Takes all rows away; texts keep their codes. */
  clear(): void {
    for (const name of COLUMNS) this[name].fill(0, 0, this.length);
    this.length = 0;
  }

  /** Leaves only the rows that `isKept` says yes to. */
  keep(isKept: (row: number) => boolean): void {
    let kept = 0;
    for (let row = 0; row < this.length; row++) {
      if (!isKept(row)) continue;
      for (const name of COLUMNS) this[name][kept] = this[name][row]!;
      kept++;
    }
    this.length = kept;
  }

  #order(): Uint32Array {
    const due = this.scheduledAt;
    const order = Uint32Array.from({ length: this.length }, (_, row) => row);
    for (let row = 1; row < this.length; row++)
      if (due[row]! < due[row - 1]!) return order.sort((a, b) => due[a]! - due[b]! || a - b);
    return order;
  }

  #batch(rows: Uint32Array, firstSeq: number, offsetMs: number): SampleBatch {
    const pick = <A extends Uint8Array | Uint16Array | Uint32Array>(from: A, to: A): A => {
      for (let i = 0; i < rows.length; i++) to[i] = from[rows[i]!]!;
      return to;
    };
    const u8 = (from: Uint8Array) => pick(from, new Uint8Array(rows.length));
    const u16 = (from: Uint16Array) => pick(from, new Uint16Array(rows.length));
    const u32 = (from: Uint32Array) => pick(from, new Uint32Array(rows.length));
    const time = (from: Float64Array) => Float64Array.from(rows, (row) => from[row]! - offsetMs);
    const text = (name: keyof ImportColumns['texts']) => {
      const dictionary = this.texts[name];
      const values = Array.from({ length: dictionary.size }, (_, code) => dictionary.textOf(code));
      return { codes: u16(this[name]), values };
    };
    return {
      length: rows.length,
      seq: Uint32Array.from(rows, (_, i) => firstSeq + i),
      lane: u8(this.lane),
      scheduledAt: time(this.scheduledAt),
      sentAt: time(this.sentAt),
      connectedAt: time(this.connectedAt),
      firstByteAt: time(this.firstByteAt),
      endedAt: time(this.endedAt),
      status: u16(this.status),
      statusText: text('statusText'),
      server: text('server'),
      error: text('error'),
      errorPhase: u8(this.errorPhase),
      bodyBytes: u32(this.bodyBytes),
      bodyOk: u8(this.bodyOk),
      target: text('target'),
      version: text('version'),
      bootId: text('bootId'),
      remoteIp: text('remoteIp'),
      localPort: new Uint16Array(rows.length),
      connectionId: new Uint32Array(rows.length),
      connectionUse: u32(this.connectionUse),
    };
  }

  #grow(): void {
    const size = this.lane.length * 2;
    const grown = <A extends { set(from: A): void }>(from: A, to: A): A => {
      to.set(from);
      return to;
    };
    for (const name of ['lane', 'errorPhase', 'bodyOk'] as const) this[name] = grown(this[name], new Uint8Array(size));
    for (const name of ['status', 'statusText', 'server', 'error', 'target', 'version', 'bootId', 'remoteIp'] as const)
      this[name] = grown(this[name], new Uint16Array(size));
    for (const name of ['bodyBytes', 'connectionUse'] as const) this[name] = grown(this[name], new Uint32Array(size));
    this.number = grown(this.number, new Int32Array(size));
    for (const name of ['scheduledAt', 'sentAt', 'connectedAt', 'firstByteAt', 'endedAt'] as const)
      this[name] = grown(this[name], new Float64Array(size));
  }
}
