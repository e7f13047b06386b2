import type { Segment } from '../../domain/event.js';
import type { TrafficEngine, Workload } from '../../domain/ports.js';
import { ENGINE_ERRORS, LANES } from '../../domain/sample.js';
import { BatchUnpacker, type Row, SampleColumns } from '../embedded/columns.js';
import { blankRow } from '../embedded/recorder.js';
import { Tally } from '../embedded/tally.js';
import { planNumber, WHOLE } from '../segments.js';
import { type ForeignRecord, phaseCode } from './foreign-record.js';
import { KeptAliveCount } from './kept-alive.js';
import { RowOrder } from './row-order.js';
import type { WallClock } from './wall-clock.js';

type Sinks = Parameters<TrafficEngine['run']>[1];

const BATCH_ROWS = 4096;
/** Beyond the timeout, what a row may take until it is read: the tool's flush interval and a pipe. */
const READ_SLACK_MS = 1500;

/**
 * Writes foreign records down as samples: wall clock → run time, order of ending → order of being due, one number per
 * row. Rows leave about one timeout after they ended; `flush` lets the rest go.
 */
export class ForeignRecorder {
  readonly #columns = new SampleColumns(BATCH_ROWS);
  readonly #unpacker = new BatchUnpacker();
  readonly #order: RowOrder<ForeignRecord>;
  readonly #tally: Tally;
  readonly #segment: Segment;
  readonly #sinks: Sinks;
  readonly #clock: WallClock;
  readonly #row: Row = blankRow();
  readonly keptAlive = new KeptAliveCount();
  #rows = 0;
  #broken: string | null = null;

  constructor(workload: Pick<Workload, 'service' | 'traffic' | 'segment'>, sinks: Sinks, clock: WallClock) {
    this.#tally = new Tally([workload.service.ok]);
    this.#segment = workload.segment ?? WHOLE;
    this.#sinks = sinks;
    this.#clock = clock;
    this.#order = new RowOrder(workload.traffic.timeoutMs + READ_SLACK_MS, (record) => this.#write(record));
  }

  /** Rows handed on so far, held ones not counted. */
  get rows(): number {
    return this.#rows;
  }

  /** Why rows could not be handed on, or null. */
  get broken(): string | null {
    return this.#broken;
  }

  get sent(): number {
    return this.#tally.sent;
  }

  get ended(): number {
    return this.#tally.ended;
  }

  get dropped(): number {
    return this.#tally.dropped;
  }

  add(record: ForeignRecord): void {
    this.#tally.scheduled++;
    if (Number.isNaN(record.sentAt)) this.#tally.dropped++;
    else {
      this.#tally.sent++;
      this.keptAlive.add({
        lane: record.lane,
        isReused: record.isReused,
        isFailed: record.error !== null,
        isSeenConnecting: record.connectedAt > record.sentAt,
      });
      this.#tally.count(this.#fill(record));
    }
    this.#order.add(record);
  }

  /** Shows the figures of the interval that ends now. */
  showProgress(intervalMs: number): void {
    const { answeredBy, ...figures } = this.#tally.takeProgress(intervalMs, 0, this.#columns.dictionaries.target);
    this.#sinks.progress({ ...figures, answeredBy: Object.fromEntries(answeredBy) });
  }

  /** Hands on what is in order by now. */
  handOn(): void {
    const packed = this.#columns.take();
    if (packed === null) return;
    if (!this.#sinks.samples.append(this.#unpacker.unpack(packed))) this.#broken = 'samples could not be written';
  }

  /** Hands on everything: the run is over. */
  flush(): void {
    this.#order.flush();
    this.handOn();
  }

  #write(record: ForeignRecord): void {
    const row = this.#fill(record);
    row.seq = planNumber(this.#segment, this.#rows++);
    this.#columns.add(row);
    if (this.#columns.full) this.handOn();
  }

  #fill(record: ForeignRecord): Row {
    const { dictionaries: text } = this.#columns;
    const row = this.#row;
    const isSent = !Number.isNaN(record.sentAt);
    row.lane = LANES.indexOf(record.lane);
    row.scheduledAt = this.#clock.toInstant(record.scheduledAt);
    row.sentAt = this.#clock.toInstant(record.sentAt);
    row.connectedAt = this.#clock.toInstant(record.connectedAt);
    row.firstByteAt = this.#clock.toInstant(record.firstByteAt);
    row.endedAt = this.#clock.toInstant(record.endedAt);
    row.status = record.status;
    row.statusText = text.statusText.codeOfText(record.statusText);
    row.server = text.server.codeOfText(record.server);
    row.error = text.error.codeOfText(record.error ?? (isSent ? '' : ENGINE_ERRORS.dropped));
    row.errorPhase = phaseCode(record.errorPhase);
    row.bodyBytes = record.bodyBytes;
    row.bodyOk = record.bodyOk;
    row.target = text.target.codeOfText(record.target);
    row.version = text.version.codeOfText(record.version);
    row.bootId = text.bootId.codeOfText(record.bootId);
    row.remoteIp = text.remoteIp.codeOfText(record.remoteIp);
    row.connectionUse = isSent && record.error === null ? (record.isReused ? 2 : 1) : 0;
    return row;
  }
}
