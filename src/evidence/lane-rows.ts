import type { Resolution } from '../domain/evidence.js';
import type { LaneRow } from '../domain/result.js';
import { CLAIM_LANES, LANES, type Lane } from '../domain/sample.js';
import type { Traffic } from '../domain/scenario.js';
import type { Instant, Span } from '../domain/time.js';
import { mStar } from '../stats/detection.js';
import { quantilesOf } from '../stats/quantiles-of.js';
import { SpanSweep } from '../stats/spacing.js';
import { MARK, minWindowRatios } from '../stats/windows.js';
import type { JudgedSamples } from './judged-samples.js';
import { sendsInOrder } from './sending-order.js';
import { unobservedSweep } from './unobserved.js';

/** A success that took longer to connect was saved by a SYN retransmission: it proves nothing about its moment. */
const SLOW_CONNECT_MS = 900;
const WINDOWS_MS = [1000, 5000, 10_000, 60_000];
export const TARGET_CONFIDENCE = 0.99;

/** Tells sends that prove something about their moment, ascending, of the lanes given; says how many there are. */
function provingSends(samples: JudgedSamples, lanes: readonly Lane[], sweeps: readonly Sweep[]): number {
  const { table, unknown, ok, inWindow } = samples;
  const wanted = LANES.map((lane) => lanes.includes(lane));
  let count = 0;
  const isProof = (row: number): boolean =>
    inWindow[row] === 1 &&
    unknown[row] === 0 &&
    wanted[table.lane.at(row)] === true &&
    !(ok[row] === 1 && table.connectedAt.at(row) - table.sentAt.at(row) > SLOW_CONNECT_MS);
  sendsInOrder(table, isProof, (sends) => {
    count += sends.length;
    for (const sweep of sweeps) for (let i = 0; i < sends.length; i++) sweep.add(sends[i]!);
  });
  return count;
}

/** Whatever looks at sends in their order. */
interface Sweep {
  add(sentAt: Instant): void;
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
  // One for all lanes: each writes a mark for every row.
  const marks = new Uint8Array(window === null ? 0 : samples.table.length);
  return window === null
    ? []
    : shown.map((lane) => laneRow(samples, lane, window, marks, { ...sharing, rate: laneRate(lane, traffic) }));
}

function laneRow(
  samples: JudgedSamples,
  lane: Lane,
  { from, to }: Span,
  marks: Uint8Array,
  about: Sharing & { readonly rate: number },
): LaneRow {
  const { table, failed, unknown, inWindow } = samples;
  const code = LANES.indexOf(lane);
  const n = { requests: 0, failed: 0, unknown: 0 };
  for (let row = 0; row < table.length; row++) {
    marks[row] = MARK.none;
    if (table.lane.at(row) !== code || inWindow[row] === 0) continue;
    n.requests++;
    n.failed += failed[row]!;
    n.unknown += unknown[row]!;
    if (unknown[row] === 0) marks[row] = failed[row] === 1 ? MARK.bad : MARK.good;
  }
  const windows = [...WINDOWS_MS.filter((ms) => ms < to - from), to - from];
  const ratios = minWindowRatios(table.scheduledAt, marks, windows, from, to);
  const total = new SpanSweep(from, to, 1);
  const target = new SpanSweep(from, to, mStar(1 / about.targets, 1 - TARGET_CONFIDENCE));
  const unobserved = unobservedSweep(from, to, about.rate);
  const isProven = provingSends(samples, [lane], [total, target, unobserved]) > 0;
  return {
    lane,
    ...n,
    totalOutageMs: isProven ? total.end() : null,
    targetOutageMs: isProven && isTrial(lane, about) ? target.end() : null,
    unobservedMs: unobserved.end(),
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
  const unobserved = window === null ? null : unobservedSweep(window.from, window.to, traffic.ratePerSecond);
  if (unobserved !== null) provingSends(samples, claimed, [unobserved]);
  return {
    totalOutageMs: worst(rows.map((row) => row.totalOutageMs)),
    targetOutageMs: worst(rows.filter(({ lane }) => isTrial(lane, sharing)).map((row) => row.targetOutageMs)),
    targetConfidence: TARGET_CONFIDENCE,
    jitterMs,
    unobservedMs: unobserved?.end() ?? 0,
  };
}

function worst(values: readonly (number | null)[]): number | null {
  const known = values.filter((v): v is number => v !== null && Number.isFinite(v));
  return known.length === 0 || known.length < values.length ? null : Math.max(...known);
}

function connectJitter(samples: JudgedSamples): number | null {
  const { table, ok, inWindow } = samples;
  const took = (take: (ms: number) => void): void => {
    for (let row = 0; row < table.length; row++) {
      if (table.lane.at(row) !== 0 || inWindow[row] === 0 || ok[row] === 0) continue;
      const ms = table.connectedAt.at(row) - table.sentAt.at(row);
      if (ms >= 0) take(ms);
    }
  };
  return quantilesOf(took, [0.999]).quantiles[0] ?? null;
}
