import { LANES, type Lane } from '../../domain/sample.js';
import { phaseCode } from '../foreign/foreign-record.js';
import { jmeterError } from '../jmeter/jmeter-errors.js';
import { COMMA, csvFields, digits, NEWLINE, QUOTE, same, seek } from './bytes.js';
import type { ImportColumns } from './import-columns.js';
import { ImportError } from './import-error.js';

/** Columns without which a row says nothing. */
const NEEDED = ['timeStamp', 'elapsed', 'responseCode'];
/** Columns of JMeter 2.13's default, which writes no header line. */
const OLD_HEADER =
  'timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,bytes,grpThreads,allThreads,Latency';
/** Fields of a row at most; more is no JTL. */
const FIELDS_MAX = 64;

/** Whether a first line is a JTL's header, or its first row without one. */
export function isJtlHeader(line: string): boolean {
  return NEEDED.every((name) => line.split(',').includes(name));
}

/** A JTL row of JMeter's default columns without a header line. */
export function isBareJtlRow(line: string): boolean {
  return /^\d{13},\d+,/.test(line) && line.split(',').length >= 12;
}

/**
 * JMeter's CSV results → one row per sample. Fields are found by counting commas over the bytes; only a line with quotes
 * in it is taken apart as text. `timeStamp` is taken as the START of the sample (`sampleresult.timestamp.start=true`, the
 * default of JMeter's own settings file, but not of its code).
 */
export class Jtl {
  readonly #columns: ImportColumns;
  readonly #at: Readonly<Record<string, number>>;
  readonly #count: number;
  readonly #starts = new Int32Array(FIELDS_MAX);
  readonly #ends = new Int32Array(FIELDS_MAX);
  readonly #numbers: Readonly<Record<'timeStamp' | 'elapsed' | 'Connect' | 'Latency' | 'bytes', number>>;
  readonly #stamps: readonly (readonly [name: 'target' | 'version' | 'bootId' | 'server', field: number])[];
  /** Responses by code and message bytes: nearly all rows repeat one. */
  readonly #outcomes: Outcome[] = [];
  requests = 0;
  /** Rows of our own plan, which number their arrivals. */
  probes = 0;
  readonly #keeping = new Set<string>();
  dropped = 0;
  #line: number;

  /** @throws ImportError when columns are missing. `header` null = JMeter 2.13's columns without a header line. */
  constructor(header: string | null, columns: ImportColumns) {
    const names = csvFields(header ?? OLD_HEADER) ?? [];
    const missing = NEEDED.filter((name) => !names.includes(name));
    if (missing.length > 0) throw new ImportError(1, `this JTL has no column ${missing.join(', ')}`);
    if (names.length > FIELDS_MAX) throw new ImportError(1, 'a JTL has fewer columns');
    this.#at = Object.fromEntries(names.map((name, index) => [name, index]));
    this.#count = names.length;
    const at = (name: string) => names.indexOf(name);
    this.#numbers = {
      timeStamp: at('timeStamp'),
      elapsed: at('elapsed'),
      Connect: at('Connect'),
      Latency: at('Latency'),
      bytes: at('bytes'),
    };
    this.#stamps = (['target', 'version', 'bootId', 'server'] as const)
      .map((name) => [name, at(name)] as const)
      .filter(([, field]) => field >= 0);
    this.#columns = columns;
    this.#line = header === null ? 0 : 1;
  }

  get line(): number {
    return this.#line;
  }

  /** Threads of our own plan that sent on lane reuse: each keeps one connection. */
  get keptConnections(): number {
    return this.#keeping.size;
  }

  /** Reads the whole lines of [from, to); returns where a line begins whose quoted text goes on beyond `to`. */
  push(bytes: Buffer, from: number, to: number): number {
    let at = from;
    while (at < to) {
      const end = this.#split(bytes, at, to);
      if (end < 0) return at;
      this.#line++;
      if (end > at) this.#row(bytes);
      at = end + 1;
    }
    return to;
  }

  /** Bounds of the fields of the line at `at`; returns the line's end, or -1 when a quoted field does not end. */
  #split(bytes: Buffer, at: number, to: number): number {
    let [field, start, i] = [0, at, at];
    for (; i < to; i++) {
      const byte = bytes[i]!;
      if (byte > COMMA) continue;
      if (byte === QUOTE && i === start) {
        i = closingQuote(bytes, i + 1, to);
        if (i < 0) return -1;
      } else if (byte === COMMA || byte === NEWLINE) {
        if (field < FIELDS_MAX) {
          this.#starts[field] = start;
          this.#ends[field] = byte === NEWLINE && bytes[i - 1] === 13 ? i - 1 : i;
        }
        field++;
        start = i + 1;
        if (byte === NEWLINE) break;
      }
    }
    if (i > at && field !== this.#count)
      throw new ImportError(this.#line + 1, `${field} fields where the header has ${this.#count}`);
    return i;
  }

  #row(bytes: Buffer): void {
    const c = this.#columns;
    const at = this.#numbers;
    const start = this.#number(bytes, at.timeStamp);
    const elapsed = this.#number(bytes, at.elapsed);
    if (Number.isNaN(start + elapsed)) throw new ImportError(this.#line, 'timeStamp or elapsed is no number of ms');
    const probe = this.#at.rp === undefined ? null : this.#probe(bytes);
    const outcome = this.#outcome(bytes);
    for (let i = probe?.skipped ?? 0; i > 0 && probe !== null; i--)
      this.#dropped(probe.lane, probe.due, probe.number - i);
    const row = c.add();
    this.requests++;
    const connect = this.#number(bytes, at.Connect);
    const latency = this.#number(bytes, at.Latency);
    c.scheduledAt[row] = probe?.due ?? start;
    c.sentAt[row] = Math.max(start, probe?.due ?? start);
    c.endedAt[row] = Math.max(start + elapsed, c.sentAt[row]!);
    c.connectedAt[row] = connect > 0 ? start + connect : start;
    if (outcome.status > 0) c.firstByteAt[row] = start + latency;
    c.status[row] = outcome.status;
    c.statusText[row] = outcome.statusText;
    c.error[row] = outcome.error;
    c.errorPhase[row] = outcome.phase;
    c.lane[row] =
      probe === null ? LANES.indexOf(connect === 0 && outcome.status > 0 ? 'reuse' : 'new') : LANES.indexOf(probe.lane);
    if (probe !== null) c.number[row] = probe.number;
    if (probe?.lane === 'reuse') this.#keeping.add(this.#thread(bytes));
    // Whole ms: a connect of under one reads 0, so only where connections are kept does 0 say anything.
    if (outcome.status > 0) c.connectionUse[row] = connect === 0 && (probe === null || probe.lane === 'reuse') ? 2 : 1;
    for (const [name, field] of this.#stamps) c[name][row] = this.#stamp(bytes, name, field);
    const failure = this.#at.failureMessage;
    if (failure !== undefined && outcome.status > 0 && this.#ends[failure]! > this.#starts[failure]!) c.bodyOk[row] = 0;
    else if (this.#at.body !== undefined && outcome.status > 0) c.bodyOk[row] = 1;
    c.bodyBytes[row] = this.#number(bytes, at.bytes);
  }

  #dropped(lane: Lane, due: number, number: number): void {
    const row = this.#columns.add();
    this.#columns.scheduledAt[row] = due;
    this.#columns.lane[row] = LANES.indexOf(lane);
    this.#columns.number[row] = number;
    this.dropped++;
  }

  /** The number in a field; NaN when the column is not there. */
  #number(bytes: Buffer, field: number): number {
    if (field < 0) return Number.NaN;
    return digits(bytes, this.#starts[field]!, this.#ends[field]!);
  }

  #thread(bytes: Buffer): string {
    const field = this.#at.threadName;
    return field === undefined ? '' : bytes.toString('latin1', this.#starts[field], this.#ends[field]);
  }

  /** An identity header our plan (or somebody's sample_variables) noted; `-` and empty = none. */
  #stamp(bytes: Buffer, name: 'target' | 'version' | 'bootId' | 'server', field: number): number {
    const [from, to] = [this.#starts[field]!, this.#ends[field]!];
    if (to - from === 1 && bytes[from] === 45) return 0;
    if (bytes[from] === QUOTE) return this.#columns.texts[name].codeOfText(unquoted(bytes, from, to));
    return this.#columns.texts[name].codeOfBytes(bytes, from, to);
  }

  /** `lane|number|due|skipped`, written by our plan's timer. */
  #probe(bytes: Buffer): { lane: Lane; number: number; due: number; skipped: number } | null {
    const field = this.#at.rp!;
    const [lane, number, due, skipped] = bytes.toString('latin1', this.#starts[field], this.#ends[field]).split('|');
    if (!LANES.includes(lane as Lane) || !(Number(number) >= 0) || !(Number(due) > 0)) return null;
    this.probes++;
    return { lane: lane as Lane, number: Number(number), due: Number(due), skipped: Number(skipped) || 0 };
  }

  #outcome(bytes: Buffer): Outcome {
    const code = this.#at.responseCode!;
    const message = this.#at.responseMessage ?? code;
    const [from, to] = [this.#starts[code]!, this.#ends[message]!];
    const first = this.#outcomes[0];
    if (first !== undefined && same(bytes, from, to, first.bytes)) return first;
    let outcome = this.#outcomes.find((known) => same(bytes, from, to, known.bytes));
    if (outcome === undefined) {
      outcome = this.#readOutcome(bytes, code, message, Buffer.from(bytes.subarray(from, to)));
      if (this.#outcomes.length < 64) this.#outcomes.push(outcome);
    }
    return outcome;
  }

  #readOutcome(bytes: Buffer, code: number, message: number, key: Buffer): Outcome {
    const [codeText, messageText] = [code, message].map((f) => unquoted(bytes, this.#starts[f]!, this.#ends[f]!));
    const { status, error, phase } = jmeterError(codeText!, messageText!);
    const { texts } = this.#columns;
    return {
      bytes: key,
      status,
      statusText: status > 0 && message !== code ? texts.statusText.codeOfText(messageText!) : 0,
      error: texts.error.codeOfText(error ?? ''),
      phase: phaseCode(phase),
    };
  }
}

/** The closing quote of a field (a message may span lines), or -1. */
function closingQuote(bytes: Uint8Array, from: number, to: number): number {
  for (let at = seek(bytes, QUOTE, from, to); at < to; at = seek(bytes, QUOTE, at + 2, to))
    if (bytes[at + 1] !== QUOTE) return at;
  return -1;
}

interface Outcome {
  readonly bytes: Buffer;
  readonly status: number;
  readonly statusText: number;
  readonly error: number;
  readonly phase: number;
}

function unquoted(bytes: Buffer, from: number, to: number): string {
  const text = bytes.toString('utf8', from, to);
  return text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text;
}
