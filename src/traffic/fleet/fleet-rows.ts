import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { Lane } from '../../domain/sample.js';
import { LineSplitter } from '../foreign/line-splitter.js';
import { CONSOLE_ROW, parseConsoleRow } from '../k6/console-row.js';
import { k6LineKind, parseDropRow, parseProbeRow } from '../k6/probe-row.js';
import type { FleetPlan } from './fleet-plan.js';
import { Shard } from './shard.js';

const MARK = Buffer.from(CONSOLE_ROW);
const NEWLINE = 10;
const LOG_END = /["\r]/;

/**
 * The rows of a whole fleet of k6 processes, sorted into shards. Each log or CSV file is read with `read`; whichever shard
 * it is of its numbers tell. Lines that are no rows (k6's own metrics, warnings) are passed over.
 */
export class FleetRows {
  readonly shards: readonly Shard[];
  readonly #plan: FleetPlan;
  readonly #byLane: ReadonlyMap<Lane, readonly Shard[]>;
  readonly #problems: string[] = [];

  constructor(plan: FleetPlan) {
    this.#plan = plan;
    const byLane = new Map<Lane, readonly Shard[]>();
    this.shards = plan.parts.flatMap((part) => {
      const shards = Array.from({ length: plan.shards }, (_, index) => new Shard(plan, part, index));
      for (const { name } of part.lanes) byLane.set(name, shards);
      return shards;
    });
    this.#byLane = byLane;
  }

  /** What is wrong with the files themselves. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  problem(text: string): void {
    this.#problems.push(text);
  }

  /** Reads one output to its end; `name` is for messages. Rejects when it cannot be read. */
  async read(name: string, stream: Readable): Promise<void> {
    const lines = new LineSplitter();
    const file = new OutputOfOne(name, this.#plan, this.#byLane, this);
    for await (const part of stream) lines.push(part as Buffer, (bytes, from, to) => file.line(bytes, from, to));
    if (lines.rest.length > 0) lines.push(Buffer.from([NEWLINE]), (bytes, from, to) => file.line(bytes, from, to));
    file.end();
  }

  /** The same of a file, unpacked when its name ends in .gz. */
  readFile(path: string): Promise<void> {
    const bytes = createReadStream(path);
    if (!path.endsWith('.gz')) return this.read(path, bytes);
    const unpacked = createGunzip();
    bytes.once('error', (error) => unpacked.destroy(error));
    return this.read(path, bytes.pipe(unpacked));
  }
}

/** One process's output: all its rows are of one shard, and so are its drops, which say nothing of that themselves. */
class OutputOfOne {
  readonly #name: string;
  readonly #plan: FleetPlan;
  readonly #byLane: ReadonlyMap<Lane, readonly Shard[]>;
  readonly #fleet: FleetRows;
  #index: number | null = null;
  #isMixed = false;
  #unreadable = 0;
  readonly #drops: { readonly lane: Lane; readonly at: number; readonly count: number }[] = [];

  constructor(name: string, plan: FleetPlan, byLane: ReadonlyMap<Lane, readonly Shard[]>, fleet: FleetRows) {
    this.#name = name;
    this.#plan = plan;
    this.#byLane = byLane;
    this.#fleet = fleet;
  }

  line(bytes: Buffer, from: number, to: number): void {
    const kind = k6LineKind(bytes, from, to);
    if (kind === 'dropped') this.#drop(bytes.toString('utf8', from, to));
    else if (kind === 'probe') this.#row(parseProbeRow(bytes.toString('utf8', from, to)));
    else {
      const at = bytes.subarray(from, to).indexOf(MARK);
      if (at < 0) return;
      // k6 may have wrapped the row: `time=… msg="rp1|…" source=console`.
      this.#row(parseConsoleRow(bytes.toString('utf8', from + at, to).split(LOG_END)[0] ?? ''));
    }
  }

  end(): void {
    if (this.#unreadable > 0) this.#fleet.problem(`${this.#name}: ${this.#unreadable} rows are not whole`);
    if (this.#isMixed && this.#drops.length > 0)
      this.#fleet.problem(
        `${this.#name} holds rows of several shards: give one file per pod, or its drops have no owner`,
      );
    for (const { lane, at, count } of this.#drops) {
      const shard = this.#index === null ? undefined : this.#byLane.get(lane)?.[this.#index];
      if (shard === undefined) this.#fleet.problem(`${this.#name}: ${count} dropped arrivals belong to no shard`);
      else shard.drop(lane, at, count);
    }
  }

  #row(row: ReturnType<typeof parseProbeRow>): void {
    const shards = row === null ? undefined : this.#byLane.get(row.record.lane);
    if (row === null || shards === undefined || !Number.isInteger(row.record.number) || row.record.number < 0) {
      this.#unreadable++;
      return;
    }
    const index = row.record.number % this.#plan.shards;
    this.#index ??= index;
    if (index !== this.#index) this.#isMixed = true;
    shards[index]!.take(row);
  }

  #drop(line: string): void {
    const drop = parseDropRow(line);
    if (drop === null) this.#unreadable++;
    else this.#drops.push(drop);
  }
}
