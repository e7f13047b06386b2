import type { RunEvent, Segment } from './event.js';
import type { SampleBatch } from './sample.js';
import type { Service, Traffic } from './scenario.js';
import type { Target, TargetHealth, TargetId } from './target.js';
import type { Instant } from './time.js';

/**
 * A load balancer, in the engine's words. Every call rejects with a RollproofError when the balancer refuses;
 * detach and attach are idempotent and resolve when the API has acknowledged, which is before traffic has moved.
 */
export interface Balancer {
  detach(target: Target, signal: AbortSignal): Promise<void>;
  attach(target: Target, signal: AbortSignal): Promise<void>;
  /** The state of every given target, in their order; a target the balancer does not know is `unused`. */
  health(targets: readonly Target[], signal: AbortSignal): Promise<readonly TargetHealth[]>;
  describe(signal: AbortSignal): Promise<BalancerFacts>;
  /** The exact command a person can run by hand to attach a target again. */
  attachCommand(target: Target): string;
  /** It says `draining` for the whole drain timeout, even of a target that has finished long before; absent = no. */
  readonly drainStateLags?: boolean;
  /** The lock kept at the balancer itself, where it can keep one. */
  readonly lockTag?: LockTag;
  close(): void;
}

/** One text at the balancer that every machine sees; last writer wins. */
export interface LockTag {
  read(signal: AbortSignal): Promise<string | null>;
  write(value: string, signal: AbortSignal): Promise<void>;
  remove(signal: AbortSignal): Promise<void>;
}

/** What the balancer says of itself; null = it does not say. */
export interface BalancerFacts {
  readonly kind: string;
  readonly name: string;
  readonly dnsName: string | null;
  /** Instance ids now registered. */
  readonly members: readonly string[];
  readonly drainingEnabled: boolean | null;
  readonly drainTimeoutMs: number | null;
  readonly idleTimeoutMs: number | null;
  readonly crossZone: boolean | null;
  readonly zones: readonly string[];
  /** Other balancers that have some of its members, by instance id; absent or null = not known. */
  readonly elsewhere?: Readonly<Record<string, readonly string[]>> | null;
  /** Why one of its targets is no member at present, by instance id, in a few words; absent = it does not tell. */
  readonly outside?: Readonly<Record<string, string>>;
  /** What else of its configuration a roll should know, a sentence each; untrusted text. */
  readonly cautions?: readonly string[];
  /** What it deals out to its targets: single requests, or whole connections with all their requests; absent = not known. */
  readonly balances?: 'requests' | 'connections';
  /** Until a detached target gets nothing new any more, and an attached one is routed to, ms at worst; absent = 30 s. */
  readonly leaveMs?: number;
  readonly joinMs?: number;
  /** False: what is still open at the end of draining goes on; absent = it is cut. */
  readonly drainEnds?: boolean;
  /** A target that came back gets its whole share only after this, ms; absent or 0 = at once. */
  readonly slowStartMs?: number;
  readonly healthCheck: {
    readonly target: string;
    readonly intervalMs: number;
    readonly timeoutMs: number;
    readonly healthyThreshold: number;
    readonly unhealthyThreshold: number;
  } | null;
}

/** What the traffic is, without any of the deploy. */
export interface Workload {
  readonly source: string;
  readonly runId: string;
  readonly service: Service;
  readonly traffic: Traffic;
  /** CLOCK_MONOTONIC ns at instant 0, decimal: the engine's instants count from it. */
  readonly monotonicOriginNs: string;
  /** First arrival not before this instant. */
  readonly startAt: Instant;
  /** Hard stop even if nobody stops it. */
  readonly maxDurationMs: number;
  /** The part of the plan that is fired here; absent = all of it. */
  readonly segment?: Segment;
}

/** Where the engine's facts go. Must not throw into the engine; a full disk is reported by `append` returning false. */
export interface SampleSink {
  /** `segment` is the index of the plan's part it belongs to; absent = the plan is whole. */
  append(batch: SampleBatch, segment?: number): boolean;
}
export interface EventSink {
  append(event: RunEvent): void;
}

/** Live figures for the progress display; never for the verdict. */
export interface TrafficProgress {
  readonly scheduled: number;
  readonly sent: number;
  readonly ok: number;
  readonly failed: number;
  readonly dropped: number;
  readonly inFlight: number;
  readonly latencyMsP99: number;
  /** Answers per target header in the last reporting interval. */
  readonly answeredBy: Readonly<Record<string, number>>;
  readonly intervalMs: number;
}

/** What an engine cannot see; the report prints it and the claim is dropped. */
export interface EngineCapabilities {
  readonly name: string;
  readonly seesResetsOnReuse: boolean;
  readonly knowsScheduledTime: boolean;
  /** It reports its own health so often, ms; null = never. Silence is then no proof of health. */
  readonly healthEveryMs: number | null;
  /** What else it cannot see or prove, one sentence each, written into the run's notes. */
  readonly limits?: readonly string[];
  /** It asks a target of its own that nobody deploys, and reports what became of that; then silence is no proof either. */
  readonly hasControl: boolean;
  /** It fires the plan in so many segments, each a source of its own; absent = 1. */
  readonly segments?: number;
}

/** How a traffic engine ended. `scheduled` rows must exist on disk, or records were lost. */
export interface EngineEnd {
  readonly scheduled: number;
  readonly error: string | null;
  /** The ends of its segments, the first first; absent = the plan was whole. */
  readonly segments?: readonly EngineEnd[];
}

export interface TrafficEngine {
  readonly capabilities: EngineCapabilities;
  /** Programs it needs, with the versions found, for the run's header. */
  readonly tools?: Readonly<Record<string, string>>;
  /**
   * Does what takes long before the first arrival (starting processes), so that the warm-up is traffic and not waiting.
   * `run` follows. Rejects when the engine cannot run the workload; nothing is left running then.
   */
  prepare?(workload: Workload): Promise<void>;
  /**
   * Fires until `signal` aborts or the hard stop, then waits for what is in flight (at most one timeout).
   * A failed request never rejects; only a broken engine does.
   */
  run(
    workload: Workload,
    sinks: {
      readonly samples: SampleSink;
      readonly events: EventSink;
      readonly progress: (p: TrafficProgress) => void;
    },
    signal: AbortSignal,
  ): Promise<EngineEnd>;
}

/** The runner's look at the traffic: what came through the balancer from a target? Never part of the verdict. */
export interface TrafficView {
  /** Whether a good answer of that target with that version, asked for since `since`, has been recorded. */
  seenSince(target: TargetId, version: string, since: Instant): boolean;
  /** What the recorded answers show of a target's silence since `since`. */
  silence(target: TargetId, since: Instant): SilenceSeen;
}

/** A target's silence, by recorded answers alone. */
export interface SilenceSeen {
  /** When the newest request was sent that it is known to have answered, well or badly; null = it never named itself. */
  readonly lastSentAt: Instant | null;
  /** From its last answer to the newest of anybody; 0 where it never named itself: that is no silence. */
  readonly ms: number;
  /** Answers of others since its last one: without those its silence proves nothing. */
  readonly others: number;
}

/** Asks a target itself, past the balancer. */
export interface TargetProbe {
  /** One request to its `url`. Never rejects; null = the target has no known address. */
  ask(target: Target, signal: AbortSignal): Promise<ProbeAnswer | null>;
}

export interface ProbeAnswer {
  /** It answered, and as `service.ok` wants it. */
  readonly ok: boolean;
  /** What its version header says, null = nothing. Untrusted text. */
  readonly version: string | null;
  /** In a few words, for messages. Untrusted text. */
  readonly said: string;
}

export interface DeployRequest {
  readonly target: Target;
  readonly version: string;
  readonly previousVersion: string | null;
  readonly stage: string;
  readonly runId: string;
}
export interface Deployer {
  /** Resolves when the new version is installed; rejects with a RollproofError (command failed, timed out). */
  deploy(request: DeployRequest, signal: AbortSignal): Promise<void>;
}

export type { TargetId };
