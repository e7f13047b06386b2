import type { DictionaryColumn, SampleTable } from '../domain/sample.js';
import { type BlockColumn, isThere, type RecordBlock } from './record-block.js';
import { type NumberArray, orderOf, putInOrder, type RowOrder } from './sample-order.js';
import { NUMBER_COLUMNS, REQUEST_COLUMN, TEXT_COLUMNS, TIME_COLUMNS, WORD_COLUMNS } from './sample-schema.js';
import { TextMerge } from './text-merge.js';

/** How a row of a column is made; `seq` and `scheduledAt` stand beside the columns of the same kind. */
const NUMBERS = {
  seq: Uint32Array,
  scheduledAt: Float64Array,
  status: Uint16Array,
  bodyBytes: Uint32Array,
  bodyOk: Uint8Array,
  localPort: Uint16Array,
  connectionId: Uint32Array,
  connectionUse: Uint32Array,
} as const;
const NUMBER_NAMES = ['seq', 'scheduledAt', ...NUMBER_COLUMNS] as const;
const TIME_NAMES = TIME_COLUMNS.map(([, name]) => name);
const WORD_NAMES = WORD_COLUMNS.map(([name]) => name);
type NumberName = keyof typeof NUMBERS;
type TimeName = (typeof TIME_COLUMNS)[number][1];
type WordName = (typeof WORD_COLUMNS)[number][0];

/** Rows of one source, one after the other. */
interface SourceRows {
  readonly source: string;
  readonly from: number;
  readonly to: number;
}

/**
 * Collects the rows of all streams in columns, batch by batch, and sorts them in the end: by scheduledAt, then source (by
 * name), then seq. A batch is not kept: what it holds is copied when it comes, and columns are moved into order one by one
 * in their own memory, so that no more than the table and four bytes a row beside it are held.
 */
export class SampleCollector {
  private readonly numbers: Record<NumberName, NumberArray>;
  private readonly times: Record<TimeName, Float64Array>;
  private readonly words: Record<WordName, Uint8Array>;
  private readonly texts = TEXT_COLUMNS.map(() => new TextMerge());
  /** Only where a stream has it; rows of the others are null in it. */
  private requests: TextMerge | null = null;
  private readonly sources: SourceRows[] = [];
  private capacity: number;
  private rows = 0;

  /** `expected` rows have room at once; more make it grow. */
  constructor(expected: number) {
    this.capacity = Math.max(1024, expected);
    this.numbers = recordOf(NUMBER_NAMES, (name) => new NUMBERS[name](this.capacity));
    this.times = recordOf(TIME_NAMES, () => new Float64Array(this.capacity));
    this.words = recordOf(WORD_NAMES, () => new Uint8Array(this.capacity));
    for (const text of this.texts) text.reserve(this.capacity);
  }

  add(source: string, { rows, columns }: RecordBlock): void {
    const from = this.rows;
    const to = from + rows;
    if (to > this.capacity) this.grow(to);
    for (const name of NUMBER_NAMES) this.numbers[name].set(columns.get(name)!.values, from);
    for (const [column, name] of TIME_COLUMNS) this.addTimes(columns.get(column)!, this.times[name], from);
    for (const [name, words] of WORD_COLUMNS) addWords(columns.get(name)!, words, this.words[name], from);
    for (const [i, name] of TEXT_COLUMNS.entries()) this.texts[i]!.add(columns.get(name)!, from);
    const request = columns.get(REQUEST_COLUMN);
    if (request !== undefined) this.addRequests(request, from);
    this.rows = to;
    const last = this.sources.at(-1);
    if (last?.source === source) this.sources[this.sources.length - 1] = { ...last, to };
    else this.sources.push({ source, from, to });
  }

  /** All rows, sorted; nothing can be added after that. */
  table(): SampleTable {
    const order = this.order();
    const number = <A extends NumberArray>(name: NumberName): A => this.ordered(this.numbers[name], order) as A;
    const time = (name: TimeName): Float64Array => this.ordered(this.times[name], order);
    const word = (name: WordName): Uint8Array => this.ordered(this.words[name], order);
    const text = (name: (typeof TEXT_COLUMNS)[number]): DictionaryColumn =>
      this.texts[TEXT_COLUMNS.indexOf(name)]!.column(this.rows, order);
    return {
      length: this.rows,
      source: this.sourceColumn(order),
      seq: number('seq'),
      lane: word('lane'),
      scheduledAt: number('scheduledAt'),
      sentAt: time('sentAt'),
      connectedAt: time('connectedAt'),
      firstByteAt: time('firstByteAt'),
      endedAt: time('endedAt'),
      status: number('status'),
      statusText: text('statusText'),
      server: text('server'),
      error: text('error'),
      errorPhase: word('errorPhase'),
      bodyBytes: number('bodyBytes'),
      bodyOk: number('bodyOk'),
      target: text('target'),
      version: text('version'),
      bootId: text('bootId'),
      remoteIp: text('remoteIp'),
      localPort: number('localPort'),
      connectionId: number('connectionId'),
      connectionUse: number('connectionUse'),
      ...(this.requests === null ? {} : { request: this.requests.column(this.rows, order) }),
    };
  }

  /** `scheduledAt` + the stored µs, NaN where the column is null. */
  private addTimes({ values, validity }: BlockColumn, out: Float64Array, from: number): void {
    const scheduledAt = this.numbers.scheduledAt;
    if (validity === null)
      for (let row = 0; row < values.length; row++) out[from + row] = scheduledAt[from + row]! + values[row]! / 1000;
    else
      for (let row = 0; row < values.length; row++)
        out[from + row] = isThere(validity, row) ? scheduledAt[from + row]! + values[row]! / 1000 : Number.NaN;
  }

  private addRequests(column: BlockColumn, from: number): void {
    if (this.requests === null) {
      this.requests = new TextMerge();
      this.requests.reserve(this.capacity);
    }
    this.requests.add(column, from);
  }

  private grow(needed: number): void {
    this.capacity = Math.max(needed, 2 * this.capacity);
    const { capacity } = this;
    for (const name of NUMBER_NAMES) this.numbers[name] = grown(this.numbers[name], new NUMBERS[name](capacity));
    for (const name of TIME_NAMES) this.times[name] = grown(this.times[name], new Float64Array(capacity));
    for (const name of WORD_NAMES) this.words[name] = grown(this.words[name], new Uint8Array(capacity));
    for (const text of this.texts) text.reserve(capacity);
    this.requests?.reserve(capacity);
  }

  private order(): RowOrder | null {
    const names = [...new Set(this.sources.map(({ source }) => source))].sort();
    const source = new Uint16Array(names.length < 2 ? 0 : this.rows);
    for (const each of names.length < 2 ? [] : this.sources)
      source.fill(names.indexOf(each.source), each.from, each.to);
    const scheduledAt = this.numbers.scheduledAt.subarray(0, this.rows) as Float64Array;
    const seq = this.numbers.seq.subarray(0, this.rows) as Uint32Array;
    return orderOf({ scheduledAt, seq, source });
  }

  private ordered<A extends NumberArray>(column: A, order: RowOrder | null): A {
    const rows = column.subarray(0, this.rows) as A;
    if (order !== null) putInOrder(rows, order);
    return rows;
  }

  private sourceColumn(order: RowOrder | null): DictionaryColumn {
    const merge = new TextMerge();
    merge.reserve(this.rows);
    for (const { source, from, to } of this.sources) merge.fill(source, from, to);
    return merge.column(this.rows, order);
  }
}

function recordOf<K extends string, V>(names: readonly K[], make: (name: K) => V): Record<K, V> {
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<K, V>;
}

function grown<A extends NumberArray>(old: NumberArray, fresh: A): A {
  fresh.set(old);
  return fresh;
}

function addWords({ values, words }: BlockColumn, known: readonly string[], out: Uint8Array, from: number): void {
  const map = Uint8Array.from(words, (word) => known.indexOf(word));
  for (let row = 0; row < values.length; row++) out[from + row] = map[values[row]!]!;
}
