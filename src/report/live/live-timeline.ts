import type { RunEvent } from '../../domain/event.js';
import { type PlannedSteps, stepLabel } from '../../domain/pipeline.js';
import type { TrafficProgress } from '../../domain/ports.js';
import type { TargetId, TargetState } from '../../domain/target.js';
import type { Instant } from '../../domain/time.js';

/** What the live page draws: a fold over the run's facts, never an input of the verdict. Times in ms of the run. */
export interface LiveTimeline {
  readonly title: string;
  readonly estimatedMs: number | null;
  readonly steps: readonly LiveStep[];
  readonly targets: readonly LiveTarget[];
  readonly points: readonly LivePoint[];
  /** Counters at the last point. */
  readonly totals: LiveTotals | null;
}

export interface LiveStep {
  readonly stage: string;
  readonly index: number;
  readonly kind: string;
  readonly label: string;
  readonly from: Instant | null;
  readonly to: Instant | null;
  readonly state: 'waiting' | 'running' | 'done' | 'failed';
}

export interface LiveTarget {
  readonly target: TargetId;
  /** Each state lasts until the next one. */
  readonly states: readonly { readonly from: Instant; readonly state: TargetState }[];
}

/** Rates since the point before. */
export interface LivePoint {
  readonly at: Instant;
  readonly sentPerSecond: number;
  readonly failedPerSecond: number;
}

export interface LiveTotals {
  readonly at: Instant;
  readonly sent: number;
  readonly failed: number;
  readonly dropped: number;
  readonly latencyMsP99: number;
}

/** Points are at least this far apart, whatever the engine reports: a day of them stays small. */
export const LIVE_POINT_MS = 1_000;

/** Before anything happened. */
export function initialLive(
  title: string,
  pipeline: PlannedSteps,
  targets: readonly TargetId[],
  estimatedMs: number | null,
): LiveTimeline {
  const steps = pipeline.stages.flatMap((stage) =>
    stage.steps.map((step, index) => ({
      stage: stage.name,
      index,
      kind: step.kind,
      label: stepLabel(step),
      from: null,
      to: null,
      state: 'waiting' as const,
    })),
  );
  return {
    title,
    estimatedMs,
    steps,
    targets: targets.map((target) => ({ target, states: [] })),
    points: [],
    totals: null,
  };
}

/** One fact of the run; returns the same object when nothing drawn changed. */
export function liveAfterEvent(live: LiveTimeline, event: RunEvent): LiveTimeline {
  switch (event.kind) {
    case 'step-intent':
      return withStep(live, event, { from: event.at, state: 'running' });
    case 'step-done':
      return withStep(live, event, { to: event.at, state: 'done' });
    case 'step-failed':
      return withStep(live, event, { to: event.at, state: 'failed' });
    case 'target-observed':
      return withState(live, event.health.target, event.health.state, event.at);
    default:
      return live;
  }
}

/** A traffic report; it becomes a point when the last one is old enough. */
export function liveAfterTraffic(live: LiveTimeline, traffic: TrafficProgress, now: Instant): LiveTimeline {
  const last = live.totals;
  const totals: LiveTotals = {
    at: now,
    sent: traffic.sent,
    failed: traffic.failed,
    dropped: traffic.dropped,
    latencyMsP99: traffic.latencyMsP99,
  };
  if (last === null) return { ...live, totals };
  const forMs = now - last.at;
  if (forMs < LIVE_POINT_MS) return live;
  const rate = (count: number): number => Math.round((count * 10_000) / forMs) / 10;
  const point = {
    at: now,
    sentPerSecond: rate(traffic.sent - last.sent),
    failedPerSecond: rate(traffic.failed - last.failed),
  };
  return { ...live, totals, points: [...live.points, point] };
}

function withStep(
  live: LiveTimeline,
  { stage, index }: { readonly stage: string; readonly index: number },
  change: Partial<LiveStep>,
): LiveTimeline {
  return { ...live, steps: live.steps.map((s) => (s.stage === stage && s.index === index ? { ...s, ...change } : s)) };
}

function withState(live: LiveTimeline, target: TargetId, state: TargetState, from: Instant): LiveTimeline {
  const lane = live.targets.find((t) => t.target === target);
  if (lane === undefined || lane.states.at(-1)?.state === state) return live;
  return {
    ...live,
    targets: live.targets.map((t) => (t === lane ? { ...t, states: [...t.states, { from, state }] } : t)),
  };
}
