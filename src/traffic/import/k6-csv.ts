import { LANES } from '../../domain/sample.js';
import { phaseCode } from '../foreign/foreign-record.js';
import { k6Error } from '../k6/k6-errors.js';
import { parseDropRow, parseProbeRow } from '../k6/probe-row.js';
import { COMMA, csvFields, decimal, digits, NEWLINE, same, seek } from './bytes.js';
import type { ImportColumns } from './import-columns.js';
import { ImportError } from './import-error.js';

/** The samples k6 writes for one request, in its order, after `http_reqs`: one timestamp and one set of tags for all. */
const PARTS = ['duration', 'blocked', 'connecting', 'tls_handshaking', 'sending', 'waiting', 'receiving', 'failed'];
const PREFIX = 'http_req_'.length;
const PART_LENGTHS = PARTS.map((part) => PREFIX + part.length);
const PART_FIRST = PARTS.map((part) => part.charCodeAt(0));
const REQS = Buffer.from('http_reqs');
const HTTP = 104;
/** First bytes of `rollproof` and `dropped_iterations`. */
const [R, D, SECOND_OF_DROPPED] = [114, 100, 114];

/** What one set of tags says. */
interface Tags {
  readonly bytes: Buffer;
  readonly status: number;
  readonly error: number;
  readonly errorPhase: number;
}

/**
 * k6's CSV output → one row per request, at the speed of memory: nothing of it becomes a string but each *different* set
 * of tags. A request is nine lines with the same timestamp and tags, so from the first line's tags the ends of the
 * other eight are known and only checked; where that does not hold a line is read the slow way.
 * Rows of our own probe carry the whole evidence; where there are any, k6's own samples are left out.
 */
export class K6Csv {
  readonly #columns: ImportColumns;
  /** Rows of our probe, and requests of k6's own samples. */
  probes = 0;
  requests = 0;
  dropped = 0;
  #line = 1;
  #unitMs = Number.NaN;
  readonly #statusAt: number;
  readonly #errorAt: number;
  readonly #values = new Float64Array(PARTS.length);
  #tags: Tags | null = null;
  readonly #known: Tags[] = [];
  readonly #skipName = new Int32Array(1 << 16);
  readonly #skipTail = new Int32Array(1 << 16);
  #partial: { readonly at: number; readonly tags: Tags } | null = null;
  #stampDigits = 0;

  /** @throws ImportError when the header is not that of k6's CSV. */
  constructor(header: string, columns: ImportColumns) {
    const names = csvFields(header) ?? [];
    if (names[0] !== 'metric_name' || names[1] !== 'timestamp' || names[2] !== 'metric_value')
      throw new ImportError(1, 'this is not k6’s CSV: it starts with metric_name,timestamp,metric_value');
    this.#columns = columns;
    this.#statusAt = names.indexOf('status') - 3;
    this.#errorAt = names.indexOf('error_code') - 3;
  }

  /** Whether rows say how they ended: without the status tag nothing does. */
  get hasStatus(): boolean {
    return this.#statusAt >= 0;
  }

  /** How fine the timestamps are, ms; NaN before the first row. */
  get stampMs(): number {
    return this.#unitMs;
  }

  get line(): number {
    return this.#line;
  }

  /** Reads the whole lines of [from, to); the last byte must be a line end. */
  push(bytes: Buffer, from: number, to: number): number {
    let at = from;
    while (at < to) {
      this.#line++;
      const first = bytes[at];
      if (first === HTTP) at = this.#httpLine(bytes, at, to);
      else if (first === R || (first === D && bytes[at + 1] === SECOND_OF_DROPPED))
        at = this.#wantedLine(bytes, at, to);
      else at = this.#skip(bytes, at, to);
    }
    return to;
  }

  /** Ends a request whose last lines were cut off. */
  end(): void {
    this.#commitPartial();
  }

  /** A line of a metric nobody reads: the end is where it was after the same metric's last value, if that holds. */
  #skip(bytes: Buffer, at: number, to: number): number {
    const key = (bytes[at]! << 8) | (bytes[at + 9] ?? 0);
    const name = this.#skipName[key]!;
    if (name > 0 && bytes[at + name] === COMMA) {
      const value = at + name + 1 + this.#stampDigits;
      if (bytes[value] === COMMA) {
        const end = seek(bytes, COMMA, value + 1, to) + this.#skipTail[key]!;
        if (bytes[end] === NEWLINE && end < to) return end + 1;
      }
    }
    const end = lineEnd(bytes, at, to);
    const comma = seek(bytes, COMMA, at, end);
    const stamp = seek(bytes, COMMA, comma + 1, end);
    const value = seek(bytes, COMMA, stamp + 1, end);
    if (stamp - comma - 1 === this.#stampDigits) {
      this.#skipName[key] = comma - at;
      this.#skipTail[key] = end - value;
    }
    return end + 1;
  }

  #httpLine(bytes: Buffer, at: number, to: number): number {
    const end = lineEnd(bytes, at, to);
    const comma = seek(bytes, COMMA, at, end);
    const stamp = seek(bytes, COMMA, comma + 1, end);
    const value = seek(bytes, COMMA, stamp + 1, end);
    if (value >= end) throw new ImportError(this.#line, 'a row of k6 has at least four fields');
    if (!same(bytes, at, comma, REQS)) {
      this.#partLine(bytes.toString('latin1', at, comma), bytes, stamp + 1, value);
      return end + 1;
    }
    this.#commitPartial();
    const endedAt = this.#time(bytes, comma + 1, stamp);
    const tags = this.#tagsOf(bytes, value, end);
    const next = this.#group(bytes, end + 1, to, end - value);
    if (next > 0) {
      this.#commit(endedAt, tags);
      this.#line += PARTS.length;
      return next;
    }
    this.#values.fill(Number.NaN);
    this.#partial = { at: endedAt, tags };
    return end + 1;
  }

  /** The eight other lines of a request, all checked; 0 when anything is not as expected. */
  #group(bytes: Buffer, from: number, to: number, tail: number): number {
    let at = from;
    for (let part = 0; part < PARTS.length; part++) {
      const comma = at + PART_LENGTHS[part]!;
      const value = comma + 1 + this.#stampDigits;
      if (bytes[at + PREFIX] !== PART_FIRST[part] || bytes[comma] !== COMMA || bytes[value] !== COMMA) return 0;
      const valueEnd = seek(bytes, COMMA, value + 1, Math.min(to, value + 32));
      const end = valueEnd + tail;
      if (end >= to || bytes[end] !== NEWLINE) return 0;
      this.#values[part] = decimal(bytes, value + 1, valueEnd);
      at = end + 1;
    }
    return at;
  }

  #partLine(name: string, bytes: Buffer, from: number, to: number): void {
    const part = PARTS.indexOf(name.slice(PREFIX));
    if (part >= 0 && this.#partial !== null) this.#values[part] = decimal(bytes, from, to);
  }

  #commitPartial(): void {
    const partial = this.#partial;
    this.#partial = null;
    if (partial !== null) this.#commit(partial.at, partial.tags);
  }

  #commit(endedAt: number, tags: Tags): void {
    const [duration, blocked, connecting, , sending, waiting] = this.#values;
    const c = this.#columns;
    const row = c.add();
    this.requests++;
    const took = (duration ?? 0) + (blocked ?? 0);
    const sentAt = endedAt - (took > 0 ? took : 0);
    c.scheduledAt[row] = sentAt;
    c.sentAt[row] = sentAt;
    c.endedAt[row] = endedAt;
    c.connectedAt[row] = sentAt + (blocked ?? Number.NaN);
    c.status[row] = tags.status;
    if (tags.status > 0) c.firstByteAt[row] = sentAt + blocked! + sending! + waiting!;
    c.error[row] = tags.error;
    c.errorPhase[row] = tags.errorPhase;
    const isReused = connecting === 0;
    c.lane[row] = isReused && tags.status > 0 ? LANES.indexOf('reuse') : LANES.indexOf('new');
    c.connectionUse[row] = tags.status === 0 ? 0 : isReused ? 2 : 1;
  }

  /** Rows repeat a handful of tag sets; the last ones are compared byte by byte, a new one is read once. */
  #tagsOf(bytes: Buffer, from: number, to: number): Tags {
    if (this.#tags !== null && same(bytes, from, to, this.#tags.bytes)) return this.#tags;
    let tags = this.#known.find((known) => same(bytes, from, to, known.bytes));
    if (tags === undefined) {
      tags = this.#readTags(Buffer.from(bytes.subarray(from, to)));
      this.#known.unshift(tags);
      if (this.#known.length > 16) this.#known.pop();
    }
    this.#tags = tags;
    return tags;
  }

  #readTags(bytes: Buffer): Tags {
    const fields = csvFields(bytes.toString('utf8', 1));
    if (fields === null) throw new ImportError(this.#line, 'a quoted field does not end');
    const status = Number(fields[this.#statusAt] ?? 0);
    const { error, phase } = k6Error(Number(fields[this.#errorAt] ?? 0) || 0, '');
    if (!Number.isInteger(status) || status < 0 || status > 999)
      throw new ImportError(this.#line, 'the status tag is no number');
    return {
      bytes,
      status: error === null ? status : 0,
      error: this.#columns.texts.error.codeOfText(error ?? ''),
      errorPhase: phaseCode(phase),
    };
  }

  #wantedLine(bytes: Buffer, at: number, to: number): number {
    const end = lineEnd(bytes, at, to);
    const line = bytes.toString('utf8', at, end);
    if (line.startsWith('rollproof,')) this.#probe(line);
    else if (line.startsWith('dropped_iterations,')) this.#drop(line);
    return end + 1;
  }

  #probe(line: string): void {
    const parsed = parseProbeRow(line);
    if (parsed === null) throw new ImportError(this.#line, 'a row of the rollproof probe is not whole');
    this.#columns.put(parsed.record);
    this.probes++;
    this.#unitMs = 1e-6;
  }

  #drop(line: string): void {
    const [, stamp = '', count = ''] = line.split(',', 3);
    const own = parseDropRow(line);
    const at = own?.at ?? this.#time(Buffer.from(stamp), 0, stamp.length);
    const times = own?.count ?? Number(count);
    if (!(times >= 1 && times < 1e7)) throw new ImportError(this.#line, 'dropped_iterations without a count');
    for (let i = 0; i < times; i++) {
      const row = this.#columns.add();
      this.#columns.scheduledAt[row] = at;
      this.#columns.lane[row] = LANES.indexOf(own?.lane ?? 'new');
    }
    this.dropped += times;
  }

  /** Unix time in s, ms, µs or ns by its number of digits (k6's timeFormat), as ms. */
  #time(bytes: Buffer, from: number, to: number): number {
    const length = to - from;
    if (length !== this.#stampDigits) this.#takeUnit(length);
    const ms = length >= 13 ? digits(bytes, from, from + 13) : digits(bytes, from, to) * 1000;
    const rest = length > 13 ? digits(bytes, from + 13, to) * 10 ** (13 - length) : 0;
    if (Number.isNaN(ms + rest))
      throw new ImportError(this.#line, 'the timestamp is no Unix time (k6: timeFormat=unix_nano)');
    return ms + rest;
  }

  #takeUnit(length: number): void {
    const unit = new Map([
      [10, 1000],
      [13, 1],
      [16, 1e-3],
      [19, 1e-6],
    ]).get(length);
    if (unit === undefined)
      throw new ImportError(this.#line, 'the timestamp is no Unix time (k6: timeFormat=unix_nano)');
    this.#stampDigits = length;
    this.#unitMs = Number.isNaN(this.#unitMs) ? unit : Math.max(unit, this.#unitMs);
  }
}

function lineEnd(bytes: Buffer, at: number, to: number): number {
  const end = bytes.indexOf(NEWLINE, at);
  return end < 0 ? to : end;
}
