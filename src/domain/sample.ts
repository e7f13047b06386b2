import type { Column } from './column.js';

/** How an arrival uses connections: `h2` is a stream on an HTTP/2 connection. Order = code in the sample columns. */
export const LANES = ['new', 'reuse', 'long', 'h2'] as const;
export type Lane = (typeof LANES)[number];

/** Code of the lane whose requests are slow on purpose: its times are nobody's latency. */
export const HELD_LANE = LANES.indexOf('long');

/** Codes of the lanes whose requests go over connections that carried others before. */
export const KEPT_LANES: ReadonlySet<number> = new Set([LANES.indexOf('reuse'), LANES.indexOf('h2')]);

/** The lanes that stand for users, in the order they are told of; `long` is too sparse to claim anything from. */
export const CLAIM_LANES = ['new', 'reuse', 'h2'] as const satisfies readonly Lane[];

/** Where a request was when it ended badly. Order = code in the columns; `none` = it ended as a whole response. */
export const ERROR_PHASES = ['none', 'dns', 'connect', 'tls', 'send', 'headers', 'body'] as const;
export type ErrorPhase = (typeof ERROR_PHASES)[number];

/** Error codes of our own engine beside Node's (ECONNRESET, …). */
export const ENGINE_ERRORS = {
  /** The request's own timer ran out. */
  timeout: 'ROLLPROOF_TIMEOUT',
  /** Never sent: the in-flight cap was reached. */
  dropped: 'ROLLPROOF_DROPPED',
  /** Never sent, or cut by ourselves, because the run was stopped. */
  aborted: 'ROLLPROOF_ABORTED',
  /** The peer closed before the head was complete. */
  closed: 'ROLLPROOF_PEER_CLOSED',
  /** Fewer body bytes than announced. */
  truncated: 'ROLLPROOF_TRUNCATED',
  /** Not HTTP/1.x (lane h2: not HTTP/2), or framing that cannot be trusted. */
  protocol: 'HPE_ROLLPROOF_PROTOCOL',
  /** Lane h2: the peer speaks TLS and does not choose HTTP/2. */
  notHttp2: 'ROLLPROOF_H2_NOT_CHOSEN',
} as const;

/** Strings by code; `values[0]` is always null = absent. */
export interface DictionaryColumn {
  readonly codes: Uint8Array | Uint16Array;
  readonly values: readonly (string | null)[];
}

/**
 * The raw facts of `length` scheduled arrivals, one array per column, no judgement in it.
 * Times are ms since the run's origin; NaN = it never came to that. Sorted by nothing in particular in a batch;
 * a table read back for analysis is sorted by `scheduledAt`.
 */
export interface SampleBatch {
  readonly length: number;
  /** Contiguous from 0 per source: a hole is a lost record. */
  readonly seq: Uint32Array;
  /** Index into LANES. */
  readonly lane: Uint8Array;
  readonly scheduledAt: Float64Array;
  /**
   * Just before look-up/connect, or before the first write on a pooled socket. A stream that waited for an HTTP/2
   * connection another one had begun: when it was opened.
   */
  readonly sentAt: Float64Array;
  readonly connectedAt: Float64Array;
  readonly firstByteAt: Float64Array;
  /** Last body byte, error, or own timeout. */
  readonly endedAt: Float64Array;
  /** 0 = no status line was read. */
  readonly status: Uint16Array;
  readonly statusText: DictionaryColumn;
  /** The `Server` response header. */
  readonly server: DictionaryColumn;
  /** Node error code, one of ENGINE_ERRORS, `k6:NNNN` or a Java class name; null = a whole response was read. */
  readonly error: DictionaryColumn;
  /** Index into ERROR_PHASES. */
  readonly errorPhase: Uint8Array;
  readonly bodyBytes: Uint32Array;
  /** 1 = body check held, 0 = it did not, 2 = not checked. */
  readonly bodyOk: Uint8Array;
  /** Identity headers exactly as received (untrusted text). */
  readonly target: DictionaryColumn;
  readonly version: DictionaryColumn;
  readonly bootId: DictionaryColumn;
  readonly remoteIp: DictionaryColumn;
  readonly localPort: Uint16Array;
  readonly connectionId: Uint32Array;
  /** 1 = first request on its connection. 0 = none was made. */
  readonly connectionUse: Uint32Array;
  /** Which of `service.requests` it was; absent where there is but one request, null in lane long and where never sent. */
  readonly request?: DictionaryColumn;
}

/** Strings by the code of a row; `values[0]` is always null = absent. */
export interface TextColumn {
  readonly codes: Column;
  readonly values: readonly (string | null)[];
}

/**
 * Judgement asks of `connectionUse` only whether a request was the first on its connection: a table that was read for one
 * alone says this of every later one.
 */
export const LATER_USE = 2;

/** Columns no judgement asks for: a table that was read for one alone lacks them (localPort: where no access log is). */
export const UNJUDGED_COLUMNS = ['firstByteAt', 'bodyBytes', 'localPort'] as const;
export type UnjudgedColumn = (typeof UNJUDGED_COLUMNS)[number];

/**
 * All samples of a run, merged over sources and sorted by `scheduledAt` (then source, then seq). Each column means what
 * that of a SampleBatch does, but is asked row by row: `table.sentAt.at(row)`.
 */
export interface SampleTable {
  readonly length: number;
  readonly source: TextColumn;
  readonly seq: Column;
  readonly lane: Column;
  readonly scheduledAt: Float64Array;
  readonly sentAt: Column;
  readonly connectedAt: Column;
  readonly firstByteAt?: Column;
  readonly endedAt: Column;
  readonly status: Column;
  readonly statusText: TextColumn;
  readonly server: TextColumn;
  readonly error: TextColumn;
  readonly errorPhase: Column;
  readonly bodyBytes?: Column;
  readonly bodyOk: Column;
  readonly target: TextColumn;
  readonly version: TextColumn;
  readonly bootId: TextColumn;
  readonly remoteIp: TextColumn;
  readonly localPort?: Column;
  readonly connectionId: Column;
  readonly connectionUse: Column;
  readonly request?: TextColumn;
}

/** What reading the sample streams back showed, beside the rows. */
export interface SampleStreamFacts {
  readonly source: string;
  readonly rows: number;
  /** False when the stream ends without its end marker, or inside a batch. */
  readonly complete: boolean;
}
