import type { TargetId } from './target.js';
import type { Instant } from './time.js';

/** verdict.md §1.2, first match wins. `ok` and the unknown kinds are listed too so that one byte codes them all. */
export const SAMPLE_CLASSES = [
  'ok',
  'refused',
  'unreachable',
  'timeout',
  'reset',
  'truncated',
  'tls',
  'protocol',
  'http_5xx_app',
  'http_5xx_lb',
  'http_5xx',
  'http_4xx',
  'http_status',
  'assertion',
  'other',
  'dns',
  'client',
  'dropped',
  'aborted',
] as const;
export type SampleClass = (typeof SAMPLE_CLASSES)[number];

export const ORIGINS = ['app', 'lb', 'path', 'client', 'unknown'] as const;
export type Origin = (typeof ORIGINS)[number];

/** Cause codes of verdict.md §5, in the order that breaks ties. */
export const CAUSE_CODES = [
  'ROUTED_TO_STOPPED',
  'INFLIGHT_CUT',
  'NO_HEALTHY_INSTANCE',
  'NEXT_DETACH_TOO_EARLY',
  'DRAIN_TIMEOUT',
  'ATTACHED_TOO_EARLY',
  'NEW_VERSION_ERRORS',
  'CAPACITY_DIP',
  'OLD_NEW_INCOMPATIBLE',
  'LB_ENDPOINT',
  'KEEPALIVE_RACE',
  'BACKGROUND',
  'UNEXPLAINED',
] as const;
export type CauseCode = (typeof CAUSE_CODES)[number];

export interface Cause {
  readonly code: CauseCode;
  /** Weight × share of the outage's failures that match, 0…1. */
  readonly score: number;
  readonly target: TargetId | null;
  /** One sentence a person understands, with figures. */
  readonly sentence: string;
  readonly hint: string;
}

/** A window of failed requests (verdict.md §3.3). Lo/hi are bounds of the true start, end and length in ms. */
export interface Outage {
  readonly index: number;
  readonly kind: 'single' | 'partial' | 'full';
  readonly failures: number;
  readonly startLo: Instant;
  readonly startHi: Instant;
  readonly endLo: Instant;
  readonly endHi: Instant;
  readonly durationLoMs: number;
  readonly durationHiMs: number;
  readonly durationEstimateMs: number;
  readonly openStart: boolean;
  readonly openEnd: boolean;
  /** Share of requests hit inside the window, estimated. */
  readonly share: number;
  /** Failures by class, most first. */
  readonly classes: readonly { readonly class: SampleClass; readonly count: number }[];
  /** The phase that holds most of it, and the pipeline step before it. */
  readonly phase: string | null;
  readonly stepBefore: string | null;
  /** All causes scoring ≥ 0.2, best first; never empty (UNEXPLAINED at worst). */
  readonly causes: readonly [Cause, ...Cause[]];
  /** New connections to the same node tried right after failures on kept ones; absent = none was. */
  readonly reProbes?: ReProbeCounts;
}

/** How new connections fared; `soonestMs`: from the failure to the first good answer on one, null = none worked. */
export interface ReProbeCounts {
  readonly worked: number;
  readonly failed: number;
  readonly soonestMs: number | null;
}

/**
 * Failures laid around all steps of one kind (verdict.md §5). Support for the eye: no verdict rests on it, and few events
 * cannot give a small p.
 */
export interface EventAlignment {
  readonly event: 'detach' | 'deploy' | 'attach';
  readonly events: number;
  /** Outages that begin within `lagMs` after such a step, and the share of circular shifts with as many; never 0. */
  readonly lagMs: number;
  readonly outages: number;
  readonly p: number;
  /**
   * Share of the requests that ended in a bin and had failed (a timeout counts when it was due), ms relative to the step,
   * with 95 % bounds per bin; null = none ended there.
   */
  readonly bins: readonly {
    readonly from: number;
    readonly to: number;
    readonly failures: number;
    readonly requests: number;
    readonly rate: number | null;
    readonly lower: number;
    readonly upper: number;
  }[];
}
