import type { Lane } from '../../domain/sample.js';
import type { Span } from '../../domain/time.js';
import { blankRecord } from '../foreign/foreign-record.js';
import { ImportColumns } from '../import/import-columns.js';
import { keptConnectionsProblem } from '../import/kept-connections.js';
import { GridCheck } from '../k6/grid-check.js';
import type { ProbeRow } from '../k6/probe-row.js';
import { ClockBounds } from './clock-offset.js';
import { type FleetPart, type FleetPlan, RUN_OUT_MS, slotsOf } from './fleet-plan.js';

interface LaneState {
  readonly ratePerSecond: number;
  /** k6's start of the grid, wall ms; the same in every row of one process. */
  startMs: number;
  /** Numbers seen, by their place in the shard: number = shard + place × shards. */
  seen: Uint8Array;
  count: number;
  highest: number;
  drops: number;
  readonly grid: GridCheck;
}

/**
 * What one generator of a fleet wrote down, held against what it was told to fire. Times are wall ms of its own clock.
 *
 * A generator numbers what it starts without holes in its share, so a hole is a lost row; and what it started and what it
 * dropped must together be the slots its share has on the grid, so rows that are missing at the end show too.
 */
export class Shard {
  readonly part: FleetPart;
  readonly index: number;
  readonly clock = new ClockBounds();
  readonly columns = new ImportColumns();
  readonly #plan: FleetPlan;
  readonly #lanes: ReadonlyMap<Lane, LaneState>;
  readonly #problems: string[] = [];

  constructor(plan: FleetPlan, part: FleetPart, index: number) {
    this.part = part;
    this.index = index;
    this.#plan = plan;
    this.#lanes = new Map(
      part.lanes.map(({ name, ratePerSecond }) => [
        name,
        {
          ratePerSecond,
          startMs: Number.NaN,
          seen: new Uint8Array(slotsOf(ratePerSecond, index, plan.shards, plan.durationMs) + 2),
          count: 0,
          highest: -1,
          drops: 0,
          grid: new GridCheck(ratePerSecond / plan.shards),
        },
      ]),
    );
  }

  /** Name of its sample stream. */
  get source(): string {
    return `${this.part.name}-${this.index}`;
  }

  /** Whether it wrote anything at all. */
  get isHeard(): boolean {
    return [...this.#lanes.values()].some(({ count, drops }) => count + drops > 0);
  }

  /** First slot of its grid, wall ms of its clock; NaN when no row came. */
  get startMs(): number {
    const starts = [...this.#lanes.values()].map(({ startMs }) => startMs).filter(Number.isFinite);
    return starts.length === 0 ? Number.NaN : Math.min(...starts);
  }

  /** Arrivals due from here on are left out, wall ms of its clock. */
  get cutoffMs(): number {
    return this.startMs + this.#plan.durationMs - RUN_OUT_MS;
  }

  take(row: ProbeRow): void {
    const { record, startMs, begunMs, dateS } = row;
    const lane = this.#lanes.get(record.lane)!;
    if (Number.isNaN(lane.startMs)) lane.startMs = startMs;
    if (lane.startMs !== startMs) {
      this.#problem(`rows of lane ${record.lane} are of two runs: they began at different times`);
      return;
    }
    const place = (record.number - this.index) / this.#plan.shards;
    if (place >= lane.seen.length) {
      this.#problem(`number ${record.number} of lane ${record.lane} is beyond the plan: this is not its run`);
      return;
    }
    if (lane.seen[place] === 1) {
      this.#problem(`number ${record.number} of lane ${record.lane} is there twice`);
      return;
    }
    lane.seen[place] = 1;
    lane.count++;
    lane.highest = Math.max(lane.highest, place);
    if (record.status > 0)
      this.clock.add(record.target, dateS, Math.floor(record.sentAt), Math.ceil(record.firstByteAt) + 1);
    lane.grid.begun(begunMs, startMs, place);
    this.columns.put(record);
  }

  drop(name: Lane, at: number, count: number): void {
    const lane = this.#lanes.get(name)!;
    lane.drops += count;
    lane.grid.dropped(at, count);
    for (let i = 0; i < count; i++) this.columns.put(blankRecord(name, at));
  }

  /** Leaves out what was due when the plan was running out; call once, after the last row. */
  trim(): void {
    const { cutoffMs, columns } = this;
    columns.keep((row) => columns.scheduledAt[row]! < cutoffMs);
  }

  /** Arrivals of the plan that left no row. */
  get lost(): number {
    return [...this.#lanes.values()].reduce((sum, lane) => sum + this.#lostOf(lane), 0);
  }

  /** What is wrong with its rows, one sentence each; empty = they are its whole share. */
  get problems(): readonly string[] {
    if (!this.isHeard) return [`shard ${this.source} left no rows at all`];
    const lanes = [...this.#lanes].flatMap(([name, lane]) => {
      const most = slotsOf(lane.ratePerSecond, this.index, this.#plan.shards, this.#plan.durationMs) + 1;
      const fired = lane.highest + 1 + lane.drops;
      const lost = this.#lostOf(lane);
      return [
        ...(lost > 0 ? [`${lost} planned arrivals of lane ${name} are missing`] : []),
        ...(fired > most ? [`lane ${name} has ${fired} arrivals where the plan has ${most} at most`] : []),
      ];
    });
    const unkept = this.#unkept();
    return [...this.#problems, ...lanes, ...(unkept === null ? [] : [unkept])].map(
      (problem) => `shard ${this.source}: ${problem}`,
    );
  }

  /** When its process stood still, wall ms of its clock. */
  stalls(): readonly Span[] {
    return [...this.#lanes.values()].flatMap(({ grid }) => grid.takeStalls(this.cutoffMs));
  }

  #lostOf(lane: LaneState): number {
    const until = this.#plan.durationMs - RUN_OUT_MS;
    const due = slotsOf(lane.ratePerSecond, this.index, this.#plan.shards, until);
    const holes = lane.highest + 1 - lane.count;
    return holes + Math.max(0, due - (lane.highest + 1) - lane.drops);
  }

  /** Why it proves nothing about kept-alive connections, or null. */
  #unkept(): string | null {
    const lane = this.part.lanes.find(({ name }) => name === 'reuse');
    if (lane === undefined) return null;
    const { shards } = this.#plan;
    const share = { places: lane.places / shards, ratePerSecond: lane.ratePerSecond / shards };
    return keptConnectionsProblem(this.columns, { ...share, isCoarse: false });
  }

  #problem(text: string): void {
    if (this.#problems.length < 5) this.#problems.push(text);
  }
}
