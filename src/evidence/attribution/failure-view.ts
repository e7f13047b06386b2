import type { Origin, SampleClass } from '../../domain/outage.js';
import { ORIGINS } from '../../domain/outage.js';
import { ERROR_PHASES } from '../../domain/sample.js';
import type { Instant } from '../../domain/time.js';
import { classAt, type JudgedSamples } from '../judged-samples.js';

/** One failure as the cause rules see it. */
export interface FailureView {
  readonly row: number;
  readonly class: SampleClass;
  readonly origin: Origin;
  readonly sentAt: Instant;
  readonly endedAt: Instant;
  /** 0 = no status line was read. */
  readonly status: number;
  /** Index of the target that answered, NO_TARGET when none did. */
  readonly target: number;
  readonly version: string | null;
  /** Index into LANES. */
  readonly lane: number;
  /** Index into ERROR_PHASES. */
  readonly errorPhase: number;
  /** 1 = first request on its connection. */
  readonly connectionUse: number;
  /** Code of the balancer node's address; 0 = not known. */
  readonly node: number;
}

const PHASES_OF_ADDRESS: ReadonlySet<number> = new Set(
  (['dns', 'connect', 'tls'] as const).map((phase) => ERROR_PHASES.indexOf(phase)),
);

/** It failed before anything of HTTP was said: at the address the client was given, whoever holds that. */
export function isAtAddress(kind: SampleClass, errorPhase: number): boolean {
  if (kind === 'refused' || kind === 'tls' || kind === 'dns' || kind === 'unreachable') return true;
  return kind === 'timeout' && PHASES_OF_ADDRESS.has(errorPhase);
}

/** The failure in one row. */
export function failureView(samples: JudgedSamples, row: number): FailureView {
  const { table } = samples;
  return {
    row,
    class: classAt(samples, row),
    origin: ORIGINS[samples.origin[row]!] ?? 'unknown',
    sentAt: table.sentAt.at(row),
    endedAt: table.endedAt.at(row),
    status: table.status.at(row),
    target: samples.target[row]!,
    version: table.version.values[table.version.codes.at(row)] ?? null,
    lane: table.lane.at(row),
    errorPhase: table.errorPhase.at(row),
    connectionUse: table.connectionUse.at(row),
    node: table.remoteIp.codes.at(row),
  };
}
