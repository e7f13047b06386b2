import type { DictionaryColumn } from './sample.js';

/** What the load balancer's own access log says of the time of a run; one row per HTTP request, in the order of its files. */
export interface AccessLogFacts extends AccessLogCounts {
  readonly length: number;
  /** When the request arrived, ms since the run's origin by the balancer's wall clock. */
  readonly at: Float64Array;
  /** The client's port as the balancer saw it; 0 = not told. */
  readonly port: Uint16Array;
  /** What the client got and what the target said; 0 = nothing. */
  readonly status: Uint16Array;
  readonly targetStatus: Uint16Array;
  /** `address:port` of the target it was sent to; null = it never reached one. */
  readonly target: DictionaryColumn;
  /** 1 = a request of this run's traffic, by its user agent. */
  readonly ours: Uint8Array;
}

/** What became of the lines. */
export interface AccessLogCounts {
  /** File names without their folders. */
  readonly files: readonly string[];
  readonly lines: number;
  readonly malformed: number;
  /** Of another time than the run's, or of TCP connections, which say nothing on requests. */
  readonly outside: number;
}

/** The access log held against the run's own samples, in the judged window; for people, and never a reason for a PASS. */
export interface AccessLogSummary extends AccessLogCounts {
  /** Requests of this run, and of everybody else, that the balancer logged. */
  readonly ours: number;
  readonly others: number;
  /** Of the run's good answers those with a line of their own, out of all. */
  readonly matched: number;
  readonly answered: number;
  /** Nearly all of them have one: a request without a line never reached the balancer then. */
  readonly isWhole: boolean;
  /** 5xx answers to this run: as its samples have them, and as the balancer logged them. */
  readonly seen5xx: number;
  readonly logged5xx: number;
  /** 5xx answers to others at the same time. */
  readonly others5xx: number;
  /** Requests of this run that were never sent to a target. */
  readonly unreached: number;
  /** Failures of this run by who made them; `unlogged` never got to the balancer, as far as its log is whole. */
  readonly failures: {
    readonly lbMade: number;
    readonly appMade: number;
    readonly cut: number;
    readonly unlogged: number;
  };
  readonly backends: readonly { readonly backend: string; readonly requests: number; readonly errors: number }[];
}
