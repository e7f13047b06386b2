import type { Instant } from '../../domain/time.js';
import { LANE_CODE } from '../arrivals.js';
import { type ClientParts, HttpClient } from './client.js';
import { ConnectionIds } from './connection.js';
import { H2Client, type H2ClientParts } from './h2-client.js';
import type { OpenH2Socket } from './sockets.js';

/** What the clients of all lanes work with. */
export type LaneClientsParts = Omit<ClientParts, 'ids'> &
  Omit<H2ClientParts, 'ids' | 'open'> & {
    /** Null where lane h2 cannot be run: no arrival of it may be fired. */
    readonly openH2: OpenH2Socket | null;
  };

/** The HTTP/1.1 client and the HTTP/2 client of a thread as one: each arrival goes to that of its lane. */
export class LaneClients {
  readonly #http: HttpClient;
  readonly #h2: H2Client | null;

  constructor(parts: LaneClientsParts) {
    const ids = new ConnectionIds();
    this.#http = new HttpClient({ ...parts, ids });
    this.#h2 = parts.openH2 === null ? null : new H2Client({ ...parts, ids, open: parts.openH2 });
  }

  get inFlight(): number {
    return this.#http.inFlight + (this.#h2?.inFlight ?? 0);
  }

  /** When the oldest request in flight times out; Infinity when there is none. */
  get nextDeadline(): Instant {
    return Math.min(this.#http.nextDeadline, this.#h2?.nextDeadline ?? Number.POSITIVE_INFINITY);
  }

  /** Sends one arrival now, and says when that was. Its row follows when it ends. */
  fire(seq: number, lane: number, scheduledAt: Instant, holdMs: number): Instant {
    if (lane !== LANE_CODE.h2) return this.#http.fire(seq, lane, scheduledAt, holdMs);
    if (this.#h2 === null) throw new Error('lane h2 needs an https service');
    return this.#h2.fire(seq, lane, scheduledAt);
  }

  /** Ends every request whose own timer ran out. */
  expire(now: Instant): void {
    this.#http.expire(now);
    this.#h2?.expire(now);
  }

  /** Cuts what is still in flight. */
  abortAll(now: Instant): void {
    this.#http.abortAll(now);
    this.#h2?.abortAll(now);
  }

  /** Closes what carries nothing any more and whose peer had time to close it. */
  sweep(): void {
    this.#http.sweep();
    this.#h2?.sweep();
  }

  /** A look-up ended: arrivals that waited for it go on. */
  resume(): void {
    this.#http.resume();
    this.#h2?.resume();
  }

  /** Lets go of all connections that carry nothing. */
  close(): void {
    this.#http.close();
    this.#h2?.close();
  }
}
