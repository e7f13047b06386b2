import type { AccessLogSummary } from './access-log.js';
import type { AppChange, DeployEnd, EngineFacts, GeneratorLimits, PreflightFinding } from './event.js';
import type { LatencySummary } from './latency-summary.js';
import type { EventAlignment, Origin, Outage, SampleClass } from './outage.js';
import type { Phase } from './phase.js';
import type { BalancerFacts } from './ports.js';
import type { ErrorPhase, Lane } from './sample.js';
import type { Scenario } from './scenario.js';
import type { TargetId, TargetState } from './target.js';
import type { Instant, Span } from './time.js';
import type { CheckResult, Verdict } from './verdict.js';

export type { LatencySummary };

export const RESULT_SCHEMA = 'rollproof.result/1';

/**
 * Everything the reports show: the pure half's whole answer, as plain JSON (no NaN, no typed arrays;
 * null where a figure does not exist). Times are ms since the run's origin.
 */
export interface RunResult {
  readonly schema: typeof RESULT_SCHEMA;
  readonly run: RunInfo;
  readonly verdict: Verdict;
  readonly claims: Claims;
  readonly counts: Counts;
  /** The judged window [first detach request, end of last stage + settle]; null when no detach happened. */
  readonly window: Span | null;
  readonly baseline: Span | null;
  readonly phases: readonly PhaseRow[];
  readonly outages: readonly Outage[];
  readonly lanes: readonly LaneRow[];
  readonly replacements: readonly Replacement[];
  readonly checks: readonly CheckResult[];
  readonly timeline: Timeline;
  readonly series: Series;
  readonly latency: { readonly baseline: LatencySummary | null; readonly deploy: LatencySummary | null };
  readonly errors: readonly ErrorGroup[];
  /** Every failure in time order, up to FAILURES_KEPT; `failuresOmitted` says how many more there were. */
  readonly failures: readonly FailureRow[];
  readonly failuresOmitted: number;
  readonly generator: GeneratorFacts;
  /** One per kind of step of the deploy; empty when nothing failed. */
  readonly alignment: readonly EventAlignment[];
  /** The balancer's access log held against the samples; absent where none was imported. */
  readonly accessLog?: AccessLogSummary;
}

export const FAILURES_KEPT = 50_000;

export interface RunInfo {
  readonly id: string;
  readonly scenario: Scenario;
  readonly scenarioFile: string | null;
  readonly command: readonly string[];
  readonly startedAtWall: string;
  readonly durationMs: number;
  readonly toolVersion: string;
  readonly gitRevision: string | null;
  readonly tools: Readonly<Record<string, string>>;
  readonly deploy: DeployEnd;
  readonly stillDetached: readonly TargetId[];
  /** First detach request to the end of the last stage; null without a deploy. */
  readonly deployMs: number | null;
  /** Part of it spent in sleep steps. */
  readonly asleepMs: number;
  readonly balancer: BalancerFacts | null;
  readonly preflight: readonly PreflightFinding[];
  /** Absent for runs whose header does not hold it. */
  readonly engine?: EngineFacts;
}

/** The four claims of verdict.md P3, each with its number; null = not established. */
export interface Claims {
  /** (a) no total outage longer than this in any lane, ms. */
  readonly totalOutageMs: number | null;
  /** (b) a one-target outage longer than this would have been seen with probability `targetConfidence`, ms. */
  readonly targetOutageMs: number | null;
  readonly targetConfidence: number;
  /** (c) upper bound of the failure probability in this deploy at `confidence`, and as time. */
  readonly failureProbabilityUpper: number | null;
  readonly equivalentDowntimeMs: number | null;
  readonly confidence: number;
  /** (d) every target left, was replaced and came back. */
  readonly replaced: 'proven' | 'unproven';
  /** Smallest sleep margin over the targets, ms; negative = too short. */
  readonly marginMs: number | null;
  /** Worst lane's share of good answers in any window of that length (minimum windowed availability). */
  readonly minAvailability: readonly { readonly windowMs: number; readonly ratio: number }[];
  /** Sleep margin of each target that has one, ms; null = its need was longer than could be observed. */
  readonly margins: readonly { readonly target: TargetId; readonly marginMs: number | null }[];
  /** The four as sentences, ready to print. */
  readonly sentences: readonly string[];
}

export interface Counts {
  /** Arrivals in the judged window, failures and unknowns among them. */
  readonly judged: number;
  readonly failed: number;
  readonly unknown: number;
  readonly baseline: number;
  readonly baselineFailed: number;
  readonly total: number;
  readonly sent: number;
  readonly dropped: number;
  readonly stale: number;
  /** Distinct 1-s buckets with a failure (OpenShift's disruption seconds). */
  readonly disruptionSeconds: number;
}

export interface PhaseRow {
  readonly phase: Phase;
  readonly requests: number;
  readonly failed: number;
  readonly ambiguous: number;
  readonly rate: number;
  /** One-sided 95 % upper bound of the failure rate. */
  readonly rateUpper: number;
  /** Exact test against the baseline, Holm-adjusted; null for the baseline itself or with nothing in it. */
  readonly excessP: number | null;
  readonly mainError: string | null;
}

export interface LaneRow {
  readonly lane: Lane;
  readonly requests: number;
  readonly failed: number;
  readonly unknown: number;
  /** D(1) and D(m*) in ms; null for a lane without sends. */
  readonly totalOutageMs: number | null;
  readonly targetOutageMs: number | null;
  readonly unobservedMs: number;
  /** Lane h2: connections used, and those on which some request failed: one GOAWAY fails many; absent in other lanes. */
  readonly connections?: { readonly used: number; readonly failed: number };
  /** Minimum windowed availability by window length in ms. */
  readonly minAvailability: readonly { readonly windowMs: number; readonly ratio: number }[];
}

export interface Replacement {
  readonly target: TargetId;
  /** Blue-green: `green` must come in (`left`: it answered nothing before), `blue` must leave (`returned` means nothing); absent = out and back. */
  readonly role?: 'green' | 'blue';
  readonly left: boolean;
  readonly replaced: boolean;
  readonly returned: boolean;
  readonly silentSends: number;
  readonly pStillIn: number | null;
  readonly lastRoutedAt: Instant | null;
  readonly detachLagLoMs: number | null;
  readonly detachLagHiMs: number | null;
  readonly drainEndAt: Instant | null;
  readonly drainNeedMs: number | null;
  readonly drainNeedHiMs: number | null;
  readonly attachLagLoMs: number | null;
  readonly attachLagHiMs: number | null;
  readonly firstServedAt: Instant | null;
  readonly inFlightAtDetach: number;
  /** appDown − drainEnd, ms. */
  readonly marginMs: number | null;
  readonly staleResponses: number;
  /** Answers of the old version while it may, or may not, have been attached already; absent = none. */
  readonly maybeStale?: number;
  readonly servedOld: number;
  readonly servedNew: number;
  readonly oldBootId: string | null;
  readonly newBootId: string | null;
  /** What the sleep after detach would have had to be; hi null = censored (more than was observed). */
  readonly needLoMs: number | null;
  readonly needHiMs: number | null;
}

/** Requests still failed when its application was down: how much longer the sleep had to be was not observed to its end. */
export function isNeedCensored(r: Replacement): boolean {
  return r.needLoMs !== null && r.needHiMs === null;
}

export interface Timeline {
  readonly stages: readonly { readonly name: string; readonly span: Span; readonly ok: boolean }[];
  readonly steps: readonly StepSpan[];
  readonly targets: readonly {
    readonly target: TargetId;
    /** State as the balancer reported it. */
    readonly reported: readonly StateSpan[];
    readonly app: readonly { readonly at: Instant; readonly what: AppChange }[];
  }[];
  readonly calls: readonly {
    readonly operation: 'detach' | 'attach';
    readonly target: TargetId;
    readonly requestedAt: Instant;
    readonly respondedAt: Instant;
    readonly error: string | null;
    /** Made by somebody else, and seen to have happened at some moment between the two instants; absent = our own. */
    readonly observed?: true;
  }[];
  readonly deploys: readonly {
    readonly target: TargetId;
    readonly command: readonly string[];
    readonly startedAt: Instant;
    readonly endedAt: Instant;
    readonly exitCode: number | null;
    readonly outputTail: string;
    readonly error: string | null;
  }[];
  readonly notes: readonly { readonly at: Instant; readonly text: string }[];
}
export interface StepSpan extends Span {
  readonly stage: string;
  readonly index: number;
  /** `detach staging-1`, `sleep 5 s`, … */
  readonly label: string;
  readonly kind: 'detach' | 'attach' | 'deploy' | 'sleep' | 'await';
  readonly target: TargetId | null;
  readonly state: 'done' | 'failed' | 'open';
  readonly error: string | null;
}
export interface StateSpan extends Span {
  readonly state: TargetState;
  readonly description: string;
}

/**
 * Counts and latencies in equal buckets from `from`, by when requests were due (`failed`: by when they failed, a timeout
 * by when it was due); every array has the same length; null = nothing in the bucket.
 */
export interface Series {
  readonly from: Instant;
  readonly bucketMs: number;
  readonly offered: readonly number[];
  readonly ok: readonly number[];
  readonly failed: readonly number[];
  readonly unknown: readonly number[];
  /** ended − scheduled of all lanes but the held one, ms (it would drown them). */
  readonly p50: readonly (number | null)[];
  readonly p95: readonly (number | null)[];
  readonly p99: readonly (number | null)[];
  readonly max: readonly (number | null)[];
  readonly answeredBy: readonly { readonly target: TargetId; readonly count: readonly number[] }[];
  /** Latency heatmap: `counts[row][column]`, rows are `rowUpperMs` (log-spaced), columns span `columnMs` each. */
  readonly heatmap: {
    readonly rowUpperMs: readonly number[];
    readonly columnMs: number;
    readonly counts: readonly (readonly number[])[];
  };
}

export interface ErrorGroup {
  readonly class: SampleClass;
  readonly origin: Origin;
  readonly status: number | null;
  /** Error code or status text: untrusted. */
  readonly detail: string;
  readonly phase: string | null;
  readonly target: string | null;
  readonly lane: Lane;
  /** Which of several requests; absent where there is but one. */
  readonly request?: string;
  readonly count: number;
  readonly firstAt: Instant;
  readonly lastAt: Instant;
}

export interface FailureRow {
  readonly source: string;
  readonly seq: number;
  readonly lane: Lane;
  readonly scheduledAt: Instant;
  readonly sentAt: Instant | null;
  readonly endedAt: Instant | null;
  readonly class: SampleClass;
  readonly origin: Origin;
  readonly status: number | null;
  readonly detail: string;
  readonly errorPhase: ErrorPhase;
  readonly target: string | null;
  readonly version: string | null;
  readonly remoteIp: string | null;
  readonly phase: string | null;
  /** Which of several requests; absent where there is but one. */
  readonly request?: string;
  /** Index into `outages`, or null. */
  readonly outage: number | null;
}

export interface GeneratorFacts {
  readonly offeredPerSecond: number;
  readonly sentPerSecond: number;
  readonly latenessMsP50: number | null;
  readonly latenessMsP99: number | null;
  readonly latenessMsMax: number | null;
  readonly eventLoopDelayMaxMs: number | null;
  readonly stalls: readonly Span[];
  readonly lost: number;
  readonly dropped: number;
  readonly controlSent: number;
  readonly controlFailed: number;
  /** The most that was taken of ephemeral ports and file descriptors at any report; null = not known. */
  readonly limits: GeneratorLimits;
}
