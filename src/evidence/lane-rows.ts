import type { Resolution } from '../domain/evidence.js';
import type { LaneRow } from '../domain/result.js';
import { CLAIM_LANES, LANES, type Lane } from '../domain/sample.js';
import type { Traffic } from '../domain/scenario.js';
import type { Span } from '../domain/time.js';
import { ascendInPlace } from '../stats/ascending.js';
import { mStar } from '../stats/detection.js';
import { quantilesInPlace } from '../stats/quantile.js';
import { largestSpan } from '../stats/spacing.js';
import { minWindowRatios } from '../stats/windows.js';
import type { JudgedSamples } from './judged-samples.js';
import { scratchOf } from './scratch.js';
import { unobservedMs } from './unobserved.js';

/** A success that took longer to connect was saved by a SYN retransmission: it proves nothing about its moment. */
const SLOW_CONNECT_MS = 900;
const WINDOWS_MS = [1000, 5000, 10_000, 60_000];
export const TARGET_CONFIDENCE = 0.99;

/** Sends that prove something about their moment, ascending, of the lanes given: in the table's scratch. */
function provingSends(samples: JudgedSamples, lanes: readonly Lane[]): Float64Array {
  const { table, unknown, ok, inWindow } = samples;
  const wanted = LANES.map((lane) => lanes.includes(lane));
  const sends = scratchOf(table);
  let count = 0;
  for (let row = 0; row < table.length; row++) {
    if (inWindow[row] === 0 || unknown[row] === 1 || !wanted[table.lane.at(row)]) continue;
    const sentAt = table.sentAt.at(row);
    const isSaved = ok[row] === 1 && table.connectedAt.at(row) - sentAt > SLOW_CONNECT_MS;
    if (!isSaved && !Number.isNaN(sentAt)) sends[count++] = sentAt;
  }
  return ascendInPlace(sends.subarray(0, count));
}

/** The lanes whose silence would be a hole: configured ones, and any other that has rows. `long` is too sparse. */
export function claimLanes(samples: JudgedSamples, traffic: Traffic): readonly Lane[] {
  return CLAIM_LANES.filter((lane) => weightOf(lane, traffic) > 0 || hasRows(samples, lane));
}

function hasRows({ table }: JudgedSamples, lane: Lane): boolean {
  const code = LANES.indexOf(lane);
  for (let row = 0; row < table.length; row++) if (table.lane.at(row) === code) return true;
  return false;
}

/** Arrivals per second of one lane, as configured. */
export function laneRate(lane: Lane, traffic: Traffic): number {
  if (lane === 'long') return traffic.lanes.long?.ratePerSecond ?? 0;
  const total = CLAIM_LANES.reduce((sum, each) => sum + weightOf(each, traffic), 0);
  return total > 0 ? (traffic.ratePerSecond * weightOf(lane, traffic)) / total : 0;
}

function weightOf(lane: (typeof CLAIM_LANES)[number], { lanes }: Traffic): number {
  if (lane === 'h2') return lanes.h2Weight ?? 0;
  return lane === 'new' ? lanes.newWeight : lanes.reuseWeight;
}

/** Who shares the traffic, and what the balancer deals out to them. */
export interface Sharing {
  readonly targets: number;
  /** It deals out connections: requests on a kept one (lanes reuse, h2) all meet one target and are no trials of their own. */
  readonly byConnection: boolean;
}

/** What each lane saw in the window, D(1) and D(m*) of verdict.md §3.1 among it. */
export function laneRows(
  samples: JudgedSamples,
  window: Span | null,
  traffic: Traffic,
  sharing: Sharing,
): readonly LaneRow[] {
  const shown = LANES.filter((lane) =>
    lane === 'long' ? hasRows(samples, lane) : claimLanes(samples, traffic).includes(lane),
  );
  return window === null ? [] : shown.map((lane) => laneRow(samples, lane, window, laneRate(lane, traffic), sharing));
}

function laneRow(samples: JudgedSamples, lane: Lane, window: Span, rate: number, sharing: Sharing): LaneRow {
  const { table, failed, unknown, inWindow } = samples;
  const code = LANES.indexOf(lane);
  const n = { requests: 0, failed: 0, unknown: 0 };
  const arrivals = scratchOf(table);
  const good = new Uint8Array(table.length);
  let count = 0;
  for (let row = 0; row < table.length; row++) {
    if (table.lane.at(row) !== code || inWindow[row] === 0) continue;
    n.requests++;
    n.failed += failed[row]!;
    n.unknown += unknown[row]!;
    if (unknown[row] === 1) continue;
    good[count] = 1 - failed[row]!;
    arrivals[count++] = table.scheduledAt[row]!;
  }
  const { from, to } = window;
  const windows = [...WINDOWS_MS.filter((ms) => ms < to - from), to - from];
  const ratios = minWindowRatios(arrivals.subarray(0, count), good.subarray(0, count), windows, from, to);
  // Only now: they are in the same scratch.
  const sends = provingSends(samples, [lane]);
  const span = (m: number) => (sends.length === 0 ? null : largestSpan(sends, from, to, m));
  return {
    lane,
    ...n,
    totalOutageMs: span(1),
    targetOutageMs: isTrial(lane, sharing) ? span(mStar(1 / sharing.targets, 1 - TARGET_CONFIDENCE)) : null,
    unobservedMs: unobservedMs(sends, from, to, rate),
    ...(lane === 'h2' ? { connections: connectionsOf(samples, code) } : {}),
    minAvailability: ratios.flatMap((ratio, i) => (ratio === null ? [] : [{ windowMs: windows[i]!, ratio }])),
  };
}

/** The connections behind a lane's judged requests. A request that never had one is on none. */
function connectionsOf({ table, failed, inWindow }: JudgedSamples, lane: number): NonNullable<LaneRow['connections']> {
  const used = new Set<number>();
  const broken = new Set<number>();
  for (let row = 0; row < table.length; row++) {
    if (table.lane.at(row) !== lane || inWindow[row] === 0 || table.connectionId.at(row) === 0) continue;
    const connection = table.source.codes.at(row) * 2 ** 32 + table.connectionId.at(row);
    used.add(connection);
    if (failed[row] === 1) broken.add(connection);
  }
  return { used: used.size, failed: broken.size };
}

/** Whether each send of a lane may meet any of the targets. */
function isTrial(lane: Lane, { byConnection }: Sharing): boolean {
  return lane === 'new' || !byConnection;
}

/** What the traffic as a whole could have seen: the worst of the lanes that count. */
export function resolutionOf(
  samples: JudgedSamples,
  lanes: readonly LaneRow[],
  window: Span | null,
  traffic: Traffic,
  sharing: Sharing,
): Resolution {
  const claimed = claimLanes(samples, traffic);
  const rows = lanes.filter((row) => claimed.includes(row.lane));
  const jitterMs = connectJitter(samples);
  const sends = provingSends(samples, claimed);
  return {
    totalOutageMs: worst(rows.map((row) => row.totalOutageMs)),
    targetOutageMs: worst(rows.filter(({ lane }) => isTrial(lane, sharing)).map((row) => row.targetOutageMs)),
    targetConfidence: TARGET_CONFIDENCE,
    jitterMs,
    unobservedMs: window === null ? 0 : unobservedMs(sends, window.from, window.to, traffic.ratePerSecond),
  };
}

function worst(values: readonly (number | null)[]): number | null {
  const known = values.filter((v): v is number => v !== null && Number.isFinite(v));
  return known.length === 0 || known.length < values.length ? null : Math.max(...known);
}

function connectJitter(samples: JudgedSamples): number | null {
  const { table, ok, inWindow } = samples;
  const took = scratchOf(table);
  let count = 0;
  for (let row = 0; row < table.length; row++) {
    const ms = table.connectedAt.at(row) - table.sentAt.at(row);
    if (table.lane.at(row) === 0 && inWindow[row] === 1 && ok[row] === 1 && ms >= 0) took[count++] = ms;
  }
  return quantilesInPlace(took.subarray(0, count), [0.999])[0] ?? null;
}
