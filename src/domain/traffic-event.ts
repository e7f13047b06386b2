import type { ErrorPhase } from './sample.js';
import type { Instant } from './time.js';

/**
 * What failed on a kept connection was asked once more, on a new connection to the same address and outside the samples:
 * raw, as in a sample. `seq` is the failed arrival's, `failure` its error code.
 */
export interface ReProbeEvent {
  readonly kind: 're-probe';
  readonly at: Instant;
  readonly source: string;
  readonly seq: number;
  readonly remoteIp: string;
  readonly failedAt: Instant;
  readonly failure: string;
  readonly sentAt: Instant;
  readonly endedAt: Instant;
  readonly status: number;
  readonly error: string | null;
  readonly errorPhase: ErrorPhase;
  readonly bodyOk: number;
  readonly target: string | null;
  readonly request: string | null;
}

/**
 * Requests of this run that the applications counted, over all their lives: `count` = `distinct` + `duplicates` +
 * `untracked` (without a number that could be read). An application that is killed takes its last 100 ms along.
 */
export interface RequestAuditEvent {
  readonly kind: 'request-audit';
  readonly at: Instant;
  readonly count: number;
  readonly distinct: number;
  readonly duplicates: number;
  readonly untracked: number;
}
