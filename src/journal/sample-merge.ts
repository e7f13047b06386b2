import { type Column, CountColumn, columnOf } from '../domain/column.js';
import { LATER_USE, type SampleTable, type TextColumn, type UnjudgedColumn } from '../domain/sample.js';
import { OffsetMerge } from './offset-merge.js';
import type { RecordBlock } from './record-block.js';
import { type CodedColumn, RowKinds } from './row-kinds.js';
import { type NumberArray, orderOf, putInOrder, type RowOrder } from './sample-order.js';
import { REQUEST_COLUMN, TEXT_COLUMNS, TIME_COLUMNS, WORD_COLUMNS } from './sample-schema.js';
import { NumberCodes, TextCodes } from './value-codes.js';

/** Numbers that are mostly different in each row. */
const NUMBERS = {
  seq: Uint32Array,
  connectionId: Uint32Array,
  connectionUse: Uint32Array,
  bodyBytes: Uint32Array,
  localPort: Uint16Array,
} as const;
type NumberName = keyof typeof NUMBERS;
type TimeName = (typeof TIME_COLUMNS)[number][1];

/** Columns of few values, in the order in which a row's kind is found. */
const WORDS = WORD_COLUMNS.map(([name]) => name);
const FEW = ['status', 'bodyOk', 'connectionUse'] as const;
const TEXTS = [...TEXT_COLUMNS, REQUEST_COLUMN, 'source'] as const;
const OF_KIND = [...WORDS, ...FEW, ...TEXTS];
type KindName = (typeof OF_KIND)[number];

/** How much of the facts a table is to hold. */
export interface SampleDetail {
  readonly leftOut: ReadonlySet<UnjudgedColumn>;
  /** Of `connectionUse` no more than whether it was the first: see LATER_USE. */
  readonly isUseCoarse: boolean;
}

/** Rows of one source, one after the other. */
interface SourceRows {
  readonly source: string;
  readonly from: number;
  to: number;
}

/**
 * Collects the rows of all streams in columns, batch by batch, and sorts them in the end: by scheduledAt, then source (by
 * name), then seq. A batch is not kept: what it holds is copied when it comes. Columns of few values are kept together, as
 * the kind of each row; the others are moved into order in their own memory.
 */
export class SampleCollector {
  private scheduledAt: Float64Array;
  private readonly numbers: Map<NumberName, Uint32Array | Uint16Array>;
  private readonly times: ReadonlyMap<TimeName, OffsetMerge>;
  private readonly kinds: RowKinds;
  private readonly few = recordOf(FEW, () => new NumberCodes());
  private readonly texts = recordOf(TEXTS, () => new TextCodes());
  private hasRequests = false;
  private readonly sources: SourceRows[] = [];
  private capacity: number;
  private rows = 0;
  private uses = new Uint8Array(0);

  /** `expected` rows have room at once; more make it grow. */
  constructor(
    expected: number,
    private readonly detail: SampleDetail,
  ) {
    this.capacity = Math.max(1024, expected);
    const isWanted = (name: string): boolean =>
      !(detail.leftOut as ReadonlySet<string>).has(name) && !(detail.isUseCoarse && name === 'connectionUse');
    const names = Object.keys(NUMBERS) as NumberName[];
    this.scheduledAt = new Float64Array(this.capacity);
    this.numbers = new Map(names.filter(isWanted).map((name) => [name, new NUMBERS[name](this.capacity)]));
    const times = TIME_COLUMNS.map(([, name]) => name);
    this.times = new Map(times.filter(isWanted).map((name) => [name, new OffsetMerge(this.capacity)]));
    this.kinds = new RowKinds(OF_KIND.length, this.capacity);
  }

  add(source: string, block: RecordBlock): void {
    const from = this.rows;
    const to = from + block.rows;
    if (to > this.capacity) this.grow(to);
    this.scheduledAt.set(block.columns.get('scheduledAt')!.values, from);
    for (const [name, numbers] of this.numbers) numbers.set(block.columns.get(name)!.values, from);
    for (const [stored, name] of TIME_COLUMNS) this.times.get(name)?.add(block.columns.get(stored)!, from);
    this.kinds.add(block.rows, from, this.coded(source, block));
    this.rows = to;
    const last = this.sources.at(-1);
    if (last?.source === source) last.to = to;
    else this.sources.push({ source, from, to });
  }

  /** All rows, sorted; nothing can be added after that. */
  table(): SampleTable {
    const order = this.order();
    const scheduledAt = this.scheduledAt.subarray(0, this.rows);
    if (order !== null) putInOrder(scheduledAt, order);
    const time = (name: TimeName): Column | undefined => this.times.get(name)?.column(scheduledAt, order);
    const kinds = this.kindColumns(order);
    const text = (name: (typeof TEXTS)[number]): TextColumn => ({
      codes: kinds[name],
      values: this.texts[name].values,
    });
    const extra = { firstByteAt: time('firstByteAt'), bodyBytes: this.number('bodyBytes', order) };
    return {
      length: this.rows,
      source: text('source'),
      seq: counted(this.number('seq', order)!),
      lane: kinds.lane,
      scheduledAt,
      sentAt: time('sentAt')!,
      connectedAt: time('connectedAt')!,
      endedAt: time('endedAt')!,
      status: kinds.status,
      statusText: text('statusText'),
      server: text('server'),
      error: text('error'),
      errorPhase: kinds.errorPhase,
      bodyOk: kinds.bodyOk,
      target: text('target'),
      version: text('version'),
      bootId: text('bootId'),
      remoteIp: text('remoteIp'),
      connectionId: this.number('connectionId', order)!,
      connectionUse: this.number('connectionUse', order) ?? kinds.connectionUse,
      ...whereThere({ ...extra, localPort: this.number('localPort', order) }),
      ...(this.hasRequests ? { request: text(REQUEST_COLUMN) } : {}),
    };
  }

  private coded(source: string, { columns }: RecordBlock): readonly (CodedColumn | number)[] {
    const words = WORD_COLUMNS.map(([name, known]): CodedColumn => {
      const { values, words } = columns.get(name)!;
      const codeOf = Uint16Array.from(words, (word) => (known as readonly string[]).indexOf(word));
      return { values, validity: null, codeOf, codes: known.length };
    });
    const few = FEW.map((name): CodedColumn | number => {
      if (name === 'connectionUse' && !this.detail.isUseCoarse) return 0;
      const values = name === 'connectionUse' ? this.coarseUses(columns.get(name)!.values) : columns.get(name)!.values;
      const codes = this.few[name];
      codes.meet(values);
      return { values, validity: null, codeOf: codes.codeOf, codes: codes.count };
    });
    if (columns.has(REQUEST_COLUMN)) this.hasRequests = true;
    const texts = TEXTS.map((name): CodedColumn | number => {
      const codes = this.texts[name];
      if (name === 'source') return codes.codesOf([source])[0]!;
      const column = columns.get(name);
      if (column === undefined || column.validity?.every((bits) => bits === 0) === true) return 0;
      return { ...column, codeOf: codes.codesOf(column.words), codes: codes.count };
    });
    return [...words, ...few, ...texts];
  }

  private coarseUses(uses: NumberArray): Uint8Array {
    if (uses.length > this.uses.length) this.uses = new Uint8Array(uses.length);
    const coarse = this.uses.subarray(0, uses.length);
    for (let row = 0; row < uses.length; row++) coarse[row] = Math.min(uses[row]!, LATER_USE);
    return coarse;
  }

  private kindColumns(order: RowOrder | null): Readonly<Record<KindName, Column>> {
    const values = OF_KIND.map((name) => (isFew(name) ? this.few[name].values : null));
    const columns = this.kinds.columns(this.rows, order, values);
    return recordOf(OF_KIND, (name) => columns[OF_KIND.indexOf(name)]!);
  }

  private number(name: NumberName, order: RowOrder | null): Column | undefined {
    const numbers = this.numbers.get(name)?.subarray(0, this.rows);
    if (numbers === undefined) return undefined;
    this.numbers.delete(name);
    if (order !== null) putInOrder(numbers, order);
    return columnOf(numbers);
  }

  private grow(needed: number): void {
    this.capacity = Math.max(needed, 2 * this.capacity);
    const { capacity } = this;
    this.scheduledAt = grown(this.scheduledAt, new Float64Array(capacity));
    for (const [name, numbers] of this.numbers) this.numbers.set(name, grown(numbers, new NUMBERS[name](capacity)));
    for (const times of this.times.values()) times.reserve(capacity);
    this.kinds.reserve(capacity);
  }

  private order(): RowOrder | null {
    const names = [...new Set(this.sources.map(({ source }) => source))].sort();
    const source = new Uint16Array(names.length < 2 ? 0 : this.rows);
    for (const each of names.length < 2 ? [] : this.sources)
      source.fill(names.indexOf(each.source), each.from, each.to);
    const scheduledAt = this.scheduledAt.subarray(0, this.rows);
    const seq = this.numbers.get('seq')!.subarray(0, this.rows) as Uint32Array;
    return orderOf({ scheduledAt, seq, source });
  }
}

function isFew(name: KindName): name is (typeof FEW)[number] {
  return (FEW as readonly string[]).includes(name);
}

/** Of one source without gaps the numbers count the rows. */
function counted(seq: Column): Column {
  const first = seq.length === 0 ? 0 : seq.at(0);
  for (let row = 1; row < seq.length; row++) if (seq.at(row) !== first + row) return seq;
  return new CountColumn(seq.length, first);
}

function recordOf<K extends string, V>(names: readonly K[], make: (name: K) => V): Record<K, V> {
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<K, V>;
}

/** Without those that were not asked for. */
function whereThere<K extends string>(columns: Readonly<Record<K, Column | undefined>>): { [N in K]?: Column } {
  return Object.fromEntries(Object.entries(columns).filter(([, column]) => column !== undefined)) as {
    [N in K]?: Column;
  };
}

function grown<A extends NumberArray>(old: NumberArray, fresh: A): A {
  fresh.set(old);
  return fresh;
}
