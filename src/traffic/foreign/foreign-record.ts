import { ERROR_PHASES, type ErrorPhase, type Lane } from '../../domain/sample.js';

/** One request as another load generator wrote it down. Times are wall-clock ms since the epoch; NaN = it does not say. */
export interface ForeignRecord {
  readonly lane: Lane;
  /** The generator's own number in this lane, contiguous from 0; -1 = it numbers nothing, or this arrival was never sent. */
  readonly number: number;
  readonly scheduledAt: number;
  readonly sentAt: number;
  readonly connectedAt: number;
  readonly firstByteAt: number;
  readonly endedAt: number;
  readonly status: number;
  readonly statusText: string;
  readonly server: string;
  /** As in the samples' `error` column; null = a whole response was read. */
  readonly error: string | null;
  readonly errorPhase: ErrorPhase;
  readonly bodyBytes: number;
  /** 1 = body check held, 0 = it did not, 2 = not checked. */
  readonly bodyOk: 0 | 1 | 2;
  readonly target: string;
  readonly version: string;
  readonly bootId: string;
  readonly remoteIp: string;
  readonly isReused: boolean;
}

/** A record about which nothing but its place is known. */
export function blankRecord(lane: Lane, scheduledAt: number): ForeignRecord {
  return {
    lane,
    number: -1,
    scheduledAt,
    sentAt: Number.NaN,
    connectedAt: Number.NaN,
    firstByteAt: Number.NaN,
    endedAt: Number.NaN,
    status: 0,
    statusText: '',
    server: '',
    error: null,
    errorPhase: 'none',
    bodyBytes: 0,
    bodyOk: 2,
    target: '',
    version: '',
    bootId: '',
    remoteIp: '',
    isReused: false,
  };
}

/** Code of an error phase as the sample columns hold it. */
export function phaseCode(phase: ErrorPhase): number {
  return ERROR_PHASES.indexOf(phase);
}
