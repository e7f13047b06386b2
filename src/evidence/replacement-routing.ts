import type { Column } from '../domain/column.js';
import { KEPT_LANES, type SampleTable } from '../domain/sample.js';
import type { Target } from '../domain/target.js';
import type { Instant } from '../domain/time.js';
import type { ClassColumns } from './classify.js';
import { ELSEWHERE, NOBODY, SILENT } from './detach-lag.js';
import type { TargetLife } from './phases.js';
import { codeScratchOf } from './scratch.js';

/** No identity header at all. */
export const UNSTAMPED = -1;
/** An identity header that names none of the scenario's targets. */
export const FOREIGN_STAMP = -2;

/**
 * Index into `targets` for every value of the identity column: a stamp may give the user's name for a target or the
 * balancer's. UNSTAMPED and FOREIGN_STAMP otherwise.
 */
export function stampIndexes(values: readonly (string | null)[], targets: readonly Target[]): Int32Array {
  return Int32Array.from(values, (value) => {
    if (value === null) return UNSTAMPED;
    const byId = targets.findIndex((target) => target.id === value);
    const index = byId >= 0 ? byId : targets.findIndex((target) => target.instance === value);
    return index >= 0 ? index : FOREIGN_STAMP;
  });
}

/** Which rows a target's replacement is judged on. */
export interface RoutingFilter {
  /** Index of the target. */
  readonly target: number;
  /** Requests sent before this are warm-up. */
  readonly warmEnd: Instant;
  /** When the target replaced before it was attached again; its absence must not pass for this one's. */
  readonly previousBackAt: Instant;
  /** The balancer deals out connections: that a kept one leads elsewhere says nothing about where new ones go. */
  readonly byConnection?: boolean;
}

/** The requests of a table, row by row, and the code of the node each went through: see `NodeRequests`. */
export interface RoutedColumns {
  readonly sentAt: Column;
  readonly endedAt: Column;
  readonly servedBy: Int16Array;
  readonly node: Column;
}

/** Index that stands for "someone who is none of the targets, but stamped the response". */
const SOMEONE_ELSE = 0x7fff;

function servedBy(stamp: number, failed: boolean, target: number): number {
  if (stamp === target) return target;
  if (stamp === UNSTAMPED) return failed ? NOBODY : SILENT;
  if (failed) return SILENT;
  return stamp === FOREIGN_STAMP ? SOMEONE_ELSE : stamp;
}

/**
 * The admissible sent requests that bear on one target (verdict.md §6): after the warm-up, and either served by it or
 * sent once the target before it was back, as far as row `last`. The times are the table's own columns: nothing is copied.
 * Who served them stands in the table's scratch: gone when this is asked again.
 */
export function routedRequests(
  table: SampleTable,
  classes: ClassColumns,
  stamps: Int32Array,
  filter: RoutingFilter,
  last = table.length,
): RoutedColumns {
  const by = codeScratchOf(table).subarray(0, last).fill(ELSEWHERE);
  for (let row = 0; row < last; row++) {
    const sentAt = table.sentAt.at(row);
    if (classes.admissible[row] !== 1 || !(sentAt >= filter.warmEnd)) continue;
    const stamp = stamps[table.target.codes.at(row)] ?? UNSTAMPED;
    if (stamp !== filter.target && (sentAt < filter.previousBackAt || isPinned(table, classes, row, filter))) continue;
    by[row] = servedBy(stamp, classes.failed[row] === 1, filter.target);
  }
  return { sentAt: table.sentAt, endedAt: table.endedAt, servedBy: by, node: table.remoteIp.codes };
}

/** A success on a connection that leads to the same target whatever happens. */
function isPinned(table: SampleTable, classes: ClassColumns, row: number, { byConnection }: RoutingFilter): boolean {
  return byConnection === true && classes.failed[row] !== 1 && KEPT_LANES.has(table.lane.at(row));
}

/** When the last target that was replaced before this one came back; −∞ for the first, or when it overlaps them. */
export function previousBackAt(life: TargetLife, lives: readonly TargetLife[]): Instant {
  let back = Number.NEGATIVE_INFINITY;
  for (const other of lives) {
    const at = other.attachRespondedAt;
    if (other !== life && at !== null && at <= life.detachRequestedAt) back = Math.max(back, at);
  }
  return back;
}
