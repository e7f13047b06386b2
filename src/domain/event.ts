import type { Step } from './pipeline.js';
import type { BalancerFacts, EngineCapabilities } from './ports.js';
import type { Scenario } from './scenario.js';
import type { EngineSelfTest } from './self-test.js';
import type { TargetHealth, TargetId } from './target.js';
import type { Instant } from './time.js';
import type { ReProbeEvent, RequestAuditEvent } from './traffic-event.js';

export const EVENT_SCHEMA_VERSION = 1;

/** One file that holds everything, or style and script in files beside it, for servers that forbid blocks in a page. */
export type ReportLayout = 'single' | 'split';

/** First line of events.ndjson. */
export interface RunHeader {
  readonly kind: 'header';
  readonly schemaVersion: number;
  readonly toolVersion: string;
  readonly runId: string;
  /** Wall clock at instant 0, ISO 8601 UTC. */
  readonly startedAtWall: string;
  /** CLOCK_MONOTONIC at instant 0 in ns, decimal: other processes on this host report in it. */
  readonly monotonicOriginNs: string;
  /** Secrets already redacted. */
  readonly scenario: Scenario;
  /** As given on the command line, or null. */
  readonly scenarioFile: string | null;
  readonly command: readonly string[];
  readonly gitRevision: string | null;
  readonly tools: Readonly<Record<string, string>>;
  /** How report.html was asked for; absent = one file. */
  readonly reportLayout?: ReportLayout;
  /** Set when processes of their own do the steps, each with a part of the journal; absent = one process did the run. */
  readonly steps?: StepwiseRun;
  /** Absent in runs older than this. */
  readonly engine?: EngineFacts;
}

/** What a run in several processes must hold to be whole. */
export interface StepwiseRun {
  /** Every stage that must have been done, in order. */
  readonly stages: readonly string[];
  /** Whose clock the instants are of. */
  readonly origin: ClockOrigin;
}

/** The monotonic clock is one per host and start of it; null = the system does not tell. */
export interface ClockOrigin {
  readonly host: string;
  readonly bootId: string | null;
}

/** How much of a journal's file there was when the run was closed. */
export interface JournalPart {
  readonly name: string;
  readonly lines: number;
}

/** Part `index` (from 1) of `count` of one plan: it owns every `count`-th arrival, `seq` ≡ index − 1 (mod count). */
export interface Segment {
  readonly index: number;
  readonly count: number;
}

/** What the traffic engine says it can see, and how it did when it was last tested for that. */
export interface EngineFacts {
  readonly capabilities: EngineCapabilities;
  /** null = it was not tested on this machine in this version. */
  readonly selfTest: EngineSelfTest | null;
}

/** So many are taken, of so many there may be. */
export interface Usage {
  readonly inUse: number;
  readonly limit: number;
}

/** What a generator can run out of; null = the system does not tell. */
export interface GeneratorLimits {
  /** Ephemeral ports: at most so many are in use, of those in the system's range. */
  readonly ports: Usage | null;
  /** File descriptors of the process. */
  readonly files: Usage | null;
}

/** One fact each; a step's `index` counts within its stage; `at` is when it was written down (or, where named so, when it happened). */
export type RunEvent =
  | { readonly kind: 'balancer-facts'; readonly at: Instant; readonly facts: BalancerFacts }
  | {
      readonly kind: 'preflight';
      readonly at: Instant;
      readonly findings: readonly PreflightFinding[];
      readonly forced: boolean;
    }
  | {
      readonly kind: 'traffic-started';
      readonly at: Instant;
      readonly source: string;
      readonly warmUpEndsAt: Instant;
      /** The engine promises a `generator-health` so often, ms; null or absent = it promises none. */
      readonly healthEveryMs?: number | null;
      /** The engine promises `control-probe` figures; absent = it promises none. */
      readonly hasControl?: boolean;
      /** The source fires one segment of the plan; absent = the whole. */
      readonly segment?: Segment;
    }
  | {
      readonly kind: 'traffic-stopped';
      readonly at: Instant;
      readonly source: string;
      readonly scheduled: number;
      readonly error: string | null;
    }
  | { readonly kind: 'stage-started'; readonly at: Instant; readonly stage: string }
  | { readonly kind: 'stage-ended'; readonly at: Instant; readonly stage: string; readonly ok: boolean }
  | {
      readonly kind: 'step-intent';
      readonly at: Instant;
      readonly stage: string;
      readonly index: number;
      readonly step: Step;
    }
  | {
      readonly kind: 'step-done';
      readonly at: Instant;
      readonly stage: string;
      readonly index: number;
      readonly step: Step;
    }
  | {
      readonly kind: 'step-failed';
      readonly at: Instant;
      readonly stage: string;
      readonly index: number;
      readonly step: Step;
      readonly error: string;
    }
  /**
   * One API call that changes membership; the two instants bracket it tightly. `observed`: somebody else made it, and it
   * is only known to have had its effect at some moment between the two (worked out from the facts, never on disk).
   */
  | {
      readonly kind: 'balancer-call';
      readonly observed?: true;
      readonly at: Instant;
      readonly operation: 'detach' | 'attach';
      readonly target: TargetId;
      readonly requestedAt: Instant;
      readonly respondedAt: Instant;
      readonly error: string | null;
    }
  /** A target's state as the balancer reported it; written when it differs from the one before. */
  | {
      readonly kind: 'target-observed';
      readonly at: Instant;
      readonly health: TargetHealth;
      readonly askedAt: Instant;
      /**
       * When the question before was asked, whose answer was still the old one: the change lies in
       * [previousAskedAt, at]. Null = there was none before; absent in journals of older versions.
       */
      readonly previousAskedAt?: Instant | null;
    }
  /** From here on targets are taken out and put back by the user's own command, or by somebody else altogether. */
  | {
      readonly kind: 'external-started';
      readonly at: Instant;
      readonly by: 'command' | 'somebody';
      /** Empty for somebody else's deploy. */
      readonly command: readonly string[];
    }
  /** The process group of that command, which outlives a killed rollproof. */
  | {
      readonly kind: 'external-process';
      readonly at: Instant;
      readonly pid: number;
      readonly born: string | null;
      readonly host: string;
    }
  | {
      readonly kind: 'external-ended';
      readonly at: Instant;
      readonly command: readonly string[];
      readonly startedAt: Instant;
      readonly exitCode: number | null;
      /** Last part of stdout and stderr, interleaved; untrusted text. */
      readonly outputTail: string;
      readonly error: string | null;
    }
  /** What a script said about its own calls to the balancer: `at` is when it happened. Believed where the polls allow it. */
  | { readonly kind: 'balancer-mark'; readonly at: Instant; readonly target: TargetId; readonly what: BalancerChange }
  /** The application's own life: `at` is when it happened. */
  | {
      readonly kind: 'app-observed';
      readonly at: Instant;
      readonly target: TargetId;
      readonly what: AppChange;
      readonly via: 'mark' | 'probe';
    }
  /** The deploy command runs in a process group of its own and outlives a killed rollproof: recovery must know it. */
  | {
      readonly kind: 'deploy-started';
      readonly at: Instant;
      readonly target: TargetId;
      readonly pid: number;
      /** When that process began, in the kernel's words: tells it from a later one with its number; null = unknown. */
      readonly born: string | null;
      readonly host: string;
    }
  /** An API call that failed for now and is made again after `delayMs`. */
  | {
      readonly kind: 'balancer-retry';
      readonly at: Instant;
      readonly operation: string;
      readonly attempt: number;
      readonly delayMs: number;
      readonly error: string;
    }
  | {
      readonly kind: 'deploy-ended';
      readonly at: Instant;
      readonly target: TargetId;
      readonly command: readonly string[];
      readonly startedAt: Instant;
      readonly exitCode: number | null;
      /** Last part of stdout and stderr, interleaved; untrusted text. */
      readonly outputTail: string;
      readonly error: string | null;
    }
  | {
      readonly kind: 'generator-health';
      readonly at: Instant;
      readonly source: string;
      readonly eventLoopDelayMaxMs: number;
      readonly sent: number;
      readonly ended: number;
      readonly dropped: number;
      readonly inFlight: number;
      readonly cpuMs: number;
      /** Absent in journals of engines that do not look at it. */
      readonly limits?: GeneratorLimits;
    }
  /** The generator's thread did not run between the two instants. */
  | {
      readonly kind: 'stall';
      readonly at: Instant;
      readonly source: string;
      readonly from: Instant;
      readonly to: Instant;
    }
  | {
      readonly kind: 'control-probe';
      readonly at: Instant;
      readonly source: string;
      readonly sent: number;
      readonly failed: number;
    }
  | ReProbeEvent
  | RequestAuditEvent
  /** The clock of another machine's traffic against the one of these events; its rows are shifted by `offsetMs` already. */
  | {
      readonly kind: 'clock-compared';
      readonly at: Instant;
      readonly source: string;
      readonly offsetMs: number;
      /** By how much the shift may be wrong, ms. */
      readonly errorMs: number;
      readonly by: 'service' | 'stated';
    }
  | {
      readonly kind: 'recovery';
      readonly at: Instant;
      readonly target: TargetId;
      readonly ok: boolean;
      readonly message: string;
    }
  | { readonly kind: 'interrupted'; readonly at: Instant; readonly signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP' }
  | { readonly kind: 'warning'; readonly at: Instant; readonly message: string }
  | {
      readonly kind: 'run-ended';
      readonly at: Instant;
      readonly deploy: DeployEnd;
      readonly stillDetached: readonly TargetId[];
      readonly error: string | null;
      /** Of a run in several processes: the other files of the journal, all of which must be there. */
      readonly parts?: readonly JournalPart[];
    };

export const APP_CHANGES = ['stopping', 'down', 'up', 'ready'] as const;
export type AppChange = (typeof APP_CHANGES)[number];
/** What a deploy script does to the membership of a target: about to ask for it, and acknowledged. */
export const BALANCER_CHANGES = ['detach-requested', 'detached', 'attach-requested', 'attached'] as const;
export type BalancerChange = (typeof BALANCER_CHANGES)[number];
export type DeployEnd = 'complete' | 'failed' | 'interrupted' | 'not-started';

export interface PreflightFinding {
  readonly id: string;
  readonly level: 'ok' | 'warning' | 'refused';
  readonly message: string;
  readonly hint: string | null;
}

export type RunEventOf<K extends RunEvent['kind']> = Extract<RunEvent, { readonly kind: K }>;
