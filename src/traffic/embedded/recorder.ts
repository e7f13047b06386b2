import { ENGINE_ERRORS } from '../../domain/sample.js';
import type { Instant } from '../../domain/time.js';
import { type Dictionaries, type PackedBatch, type Row, SampleColumns } from './columns.js';
import type { Tally } from './tally.js';

/** Rows per batch at most; the other bound is the flush interval of the generator. */
const BATCH_ROWS = 8192;

/** A row of an arrival about which nothing is known yet. */
export function blankRow(): Row {
  return {
    seq: 0,
    lane: 0,
    scheduledAt: Number.NaN,
    sentAt: Number.NaN,
    connectedAt: Number.NaN,
    firstByteAt: Number.NaN,
    endedAt: Number.NaN,
    status: 0,
    statusText: 0,
    server: 0,
    error: 0,
    errorPhase: 0,
    bodyBytes: 0,
    bodyOk: 2,
    target: 0,
    version: 0,
    bootId: 0,
    remoteIp: 0,
    localPort: 0,
    connectionId: 0,
    connectionUse: 0,
    request: 0,
  };
}

/** Writes each ended arrival down once: into the columns for the disk, into the tally for the eye. */
export class Recorder {
  /** Filled by the client, then `commit()`ted. */
  readonly row: Row = blankRow();
  readonly #columns = new SampleColumns(BATCH_ROWS);
  readonly #tally: Tally;
  readonly #emit: (batch: PackedBatch) => void;
  readonly #unsent: Row = blankRow();

  constructor(tally: Tally, emit: (batch: PackedBatch) => void) {
    this.#tally = tally;
    this.#emit = emit;
    this.#unsent.error = this.dictionaries.error.codeOfText(ENGINE_ERRORS.dropped);
  }

  get dictionaries(): Dictionaries {
    return this.#columns.dictionaries;
  }

  commit(): void {
    this.#tally.count(this.row);
    this.#add(this.row);
  }

  /** An arrival that was never sent: it has its row and its time all the same. */
  dropped(seq: number, lane: number, scheduledAt: Instant): void {
    this.#unsent.seq = seq;
    this.#unsent.lane = lane;
    this.#unsent.scheduledAt = scheduledAt;
    this.#tally.dropped++;
    this.#add(this.#unsent);
  }

  /** An arrival that was taken for sent and then could not be. */
  takenBack(seq: number, lane: number, scheduledAt: Instant): void {
    this.#tally.sent--;
    this.dropped(seq, lane, scheduledAt);
  }

  /** Hands over what has gathered. */
  flush(): void {
    const batch = this.#columns.take();
    if (batch !== null) this.#emit(batch);
  }

  #add(row: Row): void {
    this.#columns.add(row);
    if (this.#columns.full) this.flush();
  }
}
