import type { EngineCapabilities } from './ports.js';
import type { Scenario } from './scenario.js';
import type { EngineSelfTest } from './self-test.js';

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
