import type { AccessLogFacts, AccessLogSummary } from './access-log.js';
import type { GeneratorLimits, RunEvent, RunHeader } from './event.js';
import { CAUSE_CODES, type CauseCode, type EventAlignment, type Outage } from './outage.js';
import type {
  Counts,
  ErrorGroup,
  FailureRow,
  GeneratorFacts,
  LaneRow,
  LatencySummary,
  PhaseRow,
  Replacement,
  RunInfo,
  Series,
  Timeline,
} from './result.js';
import type { SampleStreamFacts, SampleTable } from './sample.js';
import type { TargetId } from './target.js';
import type { Span } from './time.js';

/** Words of the warning the journal writes in the place of a fact that could not be written down: evidence is missing then. */
export const NOT_RECORDED = 'was not recorded';

/** The mechanisms of a deploy: the first six cause codes of verdict.md §5. */
export const MECHANISMS: readonly CauseCode[] = CAUSE_CODES.slice(0, 6);

/** What is on disk, read back: the only input of the pure half. */
export interface RunFacts {
  readonly header: RunHeader;
  readonly events: readonly RunEvent[];
  readonly samples: SampleTable;
  readonly streams: readonly SampleStreamFacts[];
  /** False when events.ndjson ends in the middle of a line. */
  readonly eventsComplete: boolean;
  /** Of a run in several processes: parts of the journal that are missing, cut or of another clock, one sentence each. */
  readonly partProblems?: readonly string[];
  /** What the balancer's own log says, where it was imported. */
  readonly accessLog?: AccessLogFacts | null;
}

/**
 * The facts, worked up into the figures the checks judge and the reports show. No judgement in it: the checks
 * compare these figures with the policy, the reports copy them.
 */
export interface Evidence {
  readonly run: RunInfo;
  readonly conduct: Conduct;
  readonly window: Span | null;
  readonly baseline: Span | null;
  readonly counts: Counts;
  /** What the exact test compares; null = the counts themselves. */
  readonly comparison: Comparison | null;
  readonly health: GeneratorHealth;
  readonly resolution: Resolution;
  readonly lanes: readonly LaneRow[];
  readonly phases: readonly PhaseRow[];
  readonly outages: readonly Outage[];
  readonly replacements: readonly Replacement[];
  /** Targets the pipeline had to take out, replace and bring back. */
  readonly toReplace: readonly TargetId[];
  /** Failures whose best cause is one of the first six and whose witness names a target or the balancer. */
  readonly mechanism: number;
  /** So many it may be, where times of steps are only known roughly; absent = the same. */
  readonly maybeMechanism?: number;
  /** Targets whose sleep only just held, one sentence each. */
  readonly nearMisses: readonly string[];
  /** Balancer nodes seen in the run that were hardly asked while a target was out. */
  readonly unseenNodes: readonly { readonly node: string; readonly target: TargetId; readonly sends: number }[];
  /** Judged successes slower than the policy's objective; null without an objective. */
  readonly slow: number | null;
  readonly timeline: Timeline;
  readonly series: Series;
  readonly latency: { readonly baseline: LatencySummary | null; readonly deploy: LatencySummary | null };
  readonly errors: readonly ErrorGroup[];
  readonly failures: readonly FailureRow[];
  readonly failuresOmitted: number;
  readonly generator: GeneratorFacts;
  readonly alignment: readonly EventAlignment[];
  /** Absent where no access log was imported. */
  readonly accessLog?: AccessLogSummary;
}

/** Requests during and before the deploy that had the same chance to be seen failing. */
export type Comparison = Pick<Counts, 'judged' | 'failed' | 'baseline' | 'baselineFailed'>;

/** How the run itself went, apart from the traffic. */
export interface Conduct {
  /** Why the facts are not a whole run, one reason each; empty for a whole one. */
  readonly missing: readonly string[];
  readonly interruptedBy: 'SIGINT' | 'SIGTERM' | 'SIGHUP' | null;
  /** Why the deploy is not complete (step and error), or null. */
  readonly deployProblem: string | null;
}

/** What the gates of verdict.md §2 look at; counts are over the judged arrivals unless named otherwise. */
export interface GeneratorHealth {
  readonly arrivals: number;
  /** Holes in the sequence numbers of the whole run. */
  readonly lost: number;
  /** Rows missing against what the engines say they scheduled, whole run. */
  readonly shortfall: number;
  /** What a traffic engine said when it broke, or null. */
  readonly engineError: string | null;
  readonly dropped: number;
  readonly clientErrors: number;
  readonly forged: number;
  readonly late: number;
  readonly stallMaxMs: number;
  /** An engine that promised to report its health and did not, one sentence; null = none. */
  readonly silent: string | null;
  readonly controlSent: number;
  readonly controlFailed: number;
  /** An engine that promised control probes and sent none, one sentence; null = none. */
  readonly controlMissing: string | null;
  /** The most that was taken at any time of ports and files, with the limits. */
  readonly limits: GeneratorLimits;
  readonly baseline: number;
  /** Share of the baseline's successes that say target and version; null without successes. */
  readonly stampCoverage: number | null;
  readonly clockErrorMs: number;
}

/** What the traffic could have seen, worst lane but `long`; null = some lane sent nothing. */
export interface Resolution {
  /** D(1), ms. */
  readonly totalOutageMs: number | null;
  /** D(m*(1/N, 1 − targetConfidence)), ms. */
  readonly targetOutageMs: number | null;
  readonly targetConfidence: number;
  /** p99.9 of the connect time of lane `new`, ms; null when unknown. */
  readonly jitterMs: number | null;
  /** Time in the window without enough sends to see anything, ms. */
  readonly unobservedMs: number;
}
