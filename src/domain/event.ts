import type { Step } from './pipeline.js';
import type { BalancerFacts } from './ports.js';
import type { JournalPart, Segment } from './run-header.js';
import type { TargetHealth, TargetId } from './target.js';
import type { Instant } from './time.js';
import type { ReProbeEvent, RequestAuditEvent } from './traffic-event.js';

export type {
  ClockOrigin,
  EngineFacts,
  JournalPart,
  ReportLayout,
  RunHeader,
  Segment,
  StepwiseRun,
} from './run-header.js';

export const EVENT_SCHEMA_VERSION = 1;

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
