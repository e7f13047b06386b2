import type { Socket } from 'node:net';
import { ERROR_PHASES } from '../../domain/sample.js';
import type { Instant } from '../../domain/time.js';
import type { Address } from './address-book.js';
import { type ExpectedAnswer, ResponseReader } from './response.js';
import type { HeadFormat } from './response-head.js';

/** Codes of the sample column `errorPhase`. */
export const PHASE = {
  none: ERROR_PHASES.indexOf('none'),
  dns: ERROR_PHASES.indexOf('dns'),
  connect: ERROR_PHASES.indexOf('connect'),
  tls: ERROR_PHASES.indexOf('tls'),
  send: ERROR_PHASES.indexOf('send'),
  headers: ERROR_PHASES.indexOf('headers'),
  body: ERROR_PHASES.indexOf('body'),
} as const;

/** What a connection is at: carrying one request, waiting in the pool, waiting for the peer to close, or gone. */
export type ConnectionUse = 'busy' | 'idle' | 'lingering' | 'closed';

/** One of the workload's requests, as the client sees it. */
export interface ClientRequest extends ExpectedAnswer {
  /** Dictionary code of its name; 0 = it has none. */
  readonly code: number;
}

/**
 * One TCP (or TLS) connection and the request now on it: at most one at a time, so the request's state lives here and
 * a request on a kept connection allocates nothing. `socket` is null until an address is known.
 */
export class Connection implements Linked<Connection> {
  socket: Socket | null = null;
  readonly reader: ResponseReader;
  use: ConnectionUse = 'busy';
  /** From 1 in the order of being connected; 0 = never was. */
  id = 0;
  /** Requests put on it so far, this one included; 0 = never connected. */
  uses = 0;
  localPort = 0;
  /** Null until it is known. */
  address: Address | null = null;
  /** Dictionary code of its ip. */
  remoteIp = 0;

  seq = 0;
  /** Index into the client's requests, and the code of that one's name. */
  kind = 0;
  request = 0;
  lane = 0;
  holdMs = 0;
  scheduledAt: Instant = Number.NaN;
  sentAt: Instant = Number.NaN;
  connectedAt: Instant = Number.NaN;
  firstByteAt: Instant = Number.NaN;
  phase: number = PHASE.dns;

  /** Neighbours in the list of requests in flight. */
  older: Connection | null = null;
  newer: Connection | null = null;

  constructor(format: HeadFormat) {
    this.reader = new ResponseReader(format);
  }

  /** Takes the next arrival; `sentAt` is now, before any look-up, connect or write. */
  begin(seq: number, lane: number, scheduledAt: Instant, holdMs: number, now: Instant): void {
    this.use = 'busy';
    this.seq = seq;
    this.lane = lane;
    this.holdMs = holdMs;
    this.scheduledAt = scheduledAt;
    this.sentAt = now;
    this.connectedAt = Number.NaN;
    this.firstByteAt = Number.NaN;
    this.phase = PHASE.dns;
  }

  /** Says which request the arrival is; before anything of it is sent. */
  asks(kind: number, request: ClientRequest): void {
    this.kind = kind;
    this.request = request.code;
    this.reader.begin(request);
  }

  /** Where the request stands, for the row of one that ends badly. */
  phaseNow(): number {
    if (this.phase !== PHASE.headers) return this.phase;
    if (this.reader.inBody) return PHASE.body;
    return (this.socket?.writableLength ?? 0) > 0 ? PHASE.send : PHASE.headers;
  }

  /** Closes without ceremony; late events find `closed` and are ignored. */
  destroy(): void {
    this.use = 'closed';
    this.socket?.destroy();
  }
}

/** Numbers connections from 1, in the order of being connected. */
export class ConnectionIds {
  #last = 0;

  next(): number {
    return ++this.#last;
  }
}

/** What can stand in a list of requests in flight. */
export interface Linked<T> {
  older: T | null;
  newer: T | null;
}

/** Requests in flight, oldest first. All have the same timeout, so the oldest one's deadline is the next to come. */
export class InFlight<T extends Linked<T>> {
  #oldest: T | null = null;
  #newest: T | null = null;
  #size = 0;

  get oldest(): T | null {
    return this.#oldest;
  }
  get size(): number {
    return this.#size;
  }

  add(connection: T): void {
    connection.older = this.#newest;
    connection.newer = null;
    if (this.#newest === null) this.#oldest = connection;
    else this.#newest.newer = connection;
    this.#newest = connection;
    this.#size++;
  }

  remove(connection: T): void {
    if (connection.older === null) this.#oldest = connection.newer;
    else connection.older.newer = connection.newer;
    if (connection.newer === null) this.#newest = connection.older;
    else connection.newer.older = connection.older;
    connection.older = null;
    connection.newer = null;
    this.#size--;
  }
}
