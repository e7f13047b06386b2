import type { ExitCode } from './errors.js';

export type VerdictKind = 'PASS' | 'FAIL' | 'INCONCLUSIVE' | 'ERROR';

/** Codes of verdict.md §7, plus FACTS_INCOMPLETE: the run directory does not hold the end of the run. */
export const VERDICT_CODES = [
  'DOWNTIME_OBSERVED',
  'BUDGET_EXCEEDED',
  'OUTAGE_TOO_LONG',
  'EXCESS_FAILURES',
  'MECHANISM_WITNESSED',
  'STALE_VERSION',
  'SLOW_REQUESTS',
  'INTERRUPTED',
  'NO_EVIDENCE',
  'FACTS_INCOMPLETE',
  'GEN_LOST',
  'GEN_DROPPED',
  'GEN_CLIENT_ERRORS',
  'GEN_STALL',
  'GEN_LATE',
  'CONTROL_FAILED',
  'BASELINE_SHORT',
  'STAMP_MISSING',
  'CLOCK_SKEW',
  'DEPLOY_INCOMPLETE',
  'REPLACEMENT_UNPROVEN',
  'DRAIN_NOT_EXERCISED',
  'LANE_NOT_RUN',
  'LOW_RESOLUTION',
  'BASELINE_DIRTY',
  'TOO_FEW_REQUESTS',
  'OUTAGE_LENGTH_UNPROVEN',
  'TIMES_UNCERTAIN',
  'CONFIG_ERROR',
  'TOOL_ERROR',
] as const;
export type VerdictCode = (typeof VERDICT_CODES)[number];

export const WARNING_CODES = [
  'BASELINE_NOISE',
  'BACKGROUND_FAILURES',
  'NEAR_MISS',
  'DRAIN_NOT_EXERCISED',
  'LB_NODE_UNSEEN',
] as const;
export type WarningCode = (typeof WARNING_CODES)[number];

/** One judgement with the figure it rests on. */
export interface CheckResult {
  readonly id: string;
  readonly title: string;
  /** `pass`, `fail` (→ FAIL), `inconclusive`, `warning`, or `skipped` (not configured / nothing to judge). */
  readonly status: 'pass' | 'fail' | 'inconclusive' | 'warning' | 'skipped';
  readonly code: VerdictCode | WarningCode | null;
  /** Measured figure and threshold as short text with units, e.g. `0.00 %`, `≤ 0.10 %`. */
  readonly measured: string;
  readonly threshold: string;
  /** What it means here, one sentence. */
  readonly message: string;
  /** What to do about it; null when it passed. */
  readonly hint: string | null;
  readonly why: string;
}

export interface Verdict {
  readonly kind: VerdictKind;
  readonly exitCode: ExitCode;
  /** All codes of the deciding level, in the order of verdict.md §7. */
  readonly codes: readonly VerdictCode[];
  readonly warnings: readonly WarningCode[];
  /** Count, window, step and mechanism in one sentence. */
  readonly sentence: string;
  /** What to do next; null on a plain PASS. */
  readonly nextAction: string | null;
}
