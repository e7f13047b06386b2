import { ENGINE_ERRORS } from '../../domain/sample.js';
import type { Instant } from '../../domain/time.js';
import { LANE_CODE } from '../arrivals.js';
import type { AddressBook } from './address-book.js';
import type { Row } from './columns.js';
import { type ClientRequest, Connection, ConnectionIds, InFlight, PHASE } from './connection.js';
import type { Recorder } from './recorder.js';
import type { RequestTemplate } from './request.js';
import type { HeadFormat } from './response-head.js';
import type { OpenSocket, SocketEvents } from './sockets.js';

/** What the client works with; everything that touches the outside is given. */
export interface ClientParts {
  readonly now: () => Instant;
  /** Told at every event, so that time in which the thread did not run is noticed. */
  readonly alive: (now: Instant) => void;
  readonly template: Pick<RequestTemplate, 'kindOf' | 'render'>;
  /** By the template's kinds. */
  readonly requests: readonly ClientRequest[];
  readonly format: HeadFormat;
  readonly recorder: Pick<Recorder, 'row' | 'dictionaries' | 'commit'>;
  readonly addresses: Pick<AddressBook, 'failure' | 'pick'>;
  readonly timeoutMs: number;
  readonly secure: boolean;
  /** Shared by clients whose connections stand in one table; absent = its own. */
  readonly ids?: ConnectionIds;
  /** Told after the row of a request that failed on a connection which had carried others before. */
  readonly failedOnKept?: (connection: Connection, code: string, now: Instant) => void;
  /** Given the client's event handlers, opens sockets that report to them. */
  readonly opener: (events: SocketEvents) => OpenSocket;
}

/**
 * An HTTP/1.1 client that hides nothing: every request fired ends in exactly one row, no retry, no redirect, one
 * request in flight per connection. Lane `reuse` takes the connection used last (LIFO); a kept connection the peer
 * closes while idle is let go without a word, one that dies under a request is that request's failure.
 */
export class HttpClient implements SocketEvents {
  readonly #parts: ClientParts;
  readonly #open: OpenSocket;
  readonly #inFlight = new InFlight<Connection>();
  readonly #idle: Connection[] = [];
  readonly #waiting: Connection[] = [];
  /** Answered connections left to the peer to close, in two generations. */
  #lingering = new Set<Connection>();
  #lingeringLonger = new Set<Connection>();
  readonly #ids: ConnectionIds;

  constructor(parts: ClientParts) {
    this.#parts = parts;
    this.#open = parts.opener(this);
    this.#ids = parts.ids ?? new ConnectionIds();
  }

  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** When the oldest request in flight times out; Infinity when there is none. */
  get nextDeadline(): Instant {
    const oldest = this.#inFlight.oldest;
    return oldest === null ? Number.POSITIVE_INFINITY : oldest.sentAt + this.#parts.timeoutMs;
  }

  /** Sends one arrival now, and says when that was. Its row follows when it ends. */
  fire(seq: number, lane: number, scheduledAt: Instant, holdMs: number): Instant {
    const now = this.#parts.now();
    const kept = lane === LANE_CODE.reuse ? this.#idle.pop() : undefined;
    const connection = kept ?? new Connection(this.#parts.format);
    const kind = this.#parts.template.kindOf(seq, lane);
    connection.begin(seq, lane, scheduledAt, holdMs, now);
    connection.asks(kind, this.#parts.requests[kind]!);
    this.#inFlight.add(connection);
    if (kept === undefined) this.#connect(connection);
    else {
      connection.uses++;
      this.#send(connection);
    }
    return now;
  }

  /** Ends every request whose own timer ran out. */
  expire(now: Instant): void {
    for (
      let c = this.#inFlight.oldest;
      c !== null && c.sentAt + this.#parts.timeoutMs <= now;
      c = this.#inFlight.oldest
    ) {
      this.#fail(c, ENGINE_ERRORS.timeout, c.phaseNow(), now);
    }
  }

  /** Cuts what is still in flight: the run is over and was waited for. */
  abortAll(now: Instant): void {
    for (let c = this.#inFlight.oldest; c !== null; c = this.#inFlight.oldest) {
      this.#fail(c, ENGINE_ERRORS.aborted, c.phaseNow(), now);
    }
  }

  /** Closes answered connections whose peer has had one or two sweeps' time to do it first. */
  sweep(): void {
    for (const connection of this.#lingeringLonger) connection.destroy();
    const emptied = this.#lingeringLonger;
    emptied.clear();
    this.#lingeringLonger = this.#lingering;
    this.#lingering = emptied;
  }

  /** A look-up ended: arrivals that waited for it go on. */
  resume(): void {
    for (const connection of this.#waiting.splice(0)) if (connection.use === 'busy') this.#connect(connection);
  }

  /** Lets go of all connections that carry nothing. */
  close(): void {
    for (const connection of this.#idle.splice(0)) connection.destroy();
    this.sweep();
    this.sweep();
  }

  #connect(connection: Connection): void {
    const { addresses, recorder } = this.#parts;
    const address = addresses.pick(connection.seq);
    if (address === null) {
      if (addresses.failure === null) this.#waiting.push(connection);
      else this.#fail(connection, addresses.failure, PHASE.dns, this.#parts.now());
      return;
    }
    connection.phase = PHASE.connect;
    connection.address = address;
    connection.remoteIp = recorder.dictionaries.remoteIp.codeOfText(address.ip);
    try {
      connection.socket = this.#open(connection, address);
    } catch (error) {
      this.failed(connection, error as NodeJS.ErrnoException);
    }
  }

  #send(connection: Connection): void {
    connection.phase = PHASE.headers;
    const { kind, seq, lane, holdMs } = connection;
    connection.socket!.write(this.#parts.template.render(kind, seq, lane, holdMs), 'latin1');
  }

  connected(connection: Connection): void {
    const now = this.#tick();
    if (connection.use !== 'busy') return;
    connection.connectedAt = now;
    connection.id = this.#ids.next();
    connection.uses = 1;
    connection.localPort = connection.socket!.localPort ?? 0;
    if (this.#parts.secure) connection.phase = PHASE.tls;
    else this.#send(connection);
  }

  secured(connection: Connection): void {
    this.#tick();
    if (connection.use === 'busy') this.#send(connection);
  }

  data(connection: Connection, bytes: Uint8Array, length: number): void {
    const now = this.#tick();
    if (connection.use !== 'busy') {
      // Nobody asked: what follows on this connection can no longer be told from an answer.
      if (connection.use === 'idle') this.#dropIdle(connection);
      connection.destroy();
      return;
    }
    if (Number.isNaN(connection.firstByteAt)) connection.firstByteAt = now;
    const reader = connection.reader;
    const taken = reader.push(bytes, 0, length);
    if (reader.done) this.#answered(connection, now, taken === length);
    else if (reader.failed) this.#fail(connection, ENGINE_ERRORS.protocol, this.#responsePhase(connection), now);
  }

  ended(connection: Connection): void {
    const now = this.#tick();
    if (connection.use === 'busy') this.#peerClosed(connection, now);
    else if (connection.use === 'idle') this.#dropIdle(connection);
  }

  failed(connection: Connection, error: NodeJS.ErrnoException): void {
    const now = this.#tick();
    if (connection.use === 'idle') this.#dropIdle(connection);
    if (connection.use !== 'busy') return;
    const phase = connection.phase === PHASE.headers && error.syscall === 'write' ? PHASE.send : connection.phaseNow();
    this.#fail(connection, error.code ?? error.name, phase, now);
  }

  closed(connection: Connection): void {
    const now = this.#tick();
    this.#lingering.delete(connection);
    this.#lingeringLonger.delete(connection);
    if (connection.use === 'idle') this.#dropIdle(connection);
    else if (connection.use === 'busy') this.#peerClosed(connection, now);
    connection.use = 'closed';
  }

  #tick(): Instant {
    const now = this.#parts.now();
    this.#parts.alive(now);
    return now;
  }

  #peerClosed(connection: Connection, now: Instant): void {
    if (connection.phase === PHASE.headers && connection.reader.end()) this.#answered(connection, now, false);
    else if (connection.reader.inBody) this.#fail(connection, ENGINE_ERRORS.truncated, PHASE.body, now);
    else this.#fail(connection, ENGINE_ERRORS.closed, connection.phaseNow(), now);
  }

  #responsePhase(connection: Connection): number {
    return connection.reader.status > 0 ? PHASE.body : PHASE.headers;
  }

  /** A whole response was read; `clean` = nothing came after it. */
  #answered(connection: Connection, now: Instant, clean: boolean): void {
    this.#record(connection, 0, PHASE.none, now);
    const socket = connection.socket!;
    const kept = connection.lane === LANE_CODE.reuse && connection.reader.keepAlive;
    if (kept && clean && socket.writable && socket.writableLength === 0) {
      connection.use = 'idle';
      this.#idle.push(connection);
    } else if (clean) {
      connection.use = 'lingering';
      this.#lingering.add(connection);
    } else connection.destroy();
  }

  #fail(connection: Connection, code: string, phase: number, now: Instant): void {
    this.#record(connection, this.#parts.recorder.dictionaries.error.codeOfText(code), phase, now);
    connection.destroy();
    if (connection.uses > 1) this.#parts.failedOnKept?.(connection, code, now);
  }

  #record(connection: Connection, error: number, phase: number, now: Instant): void {
    this.#inFlight.remove(connection);
    const { recorder } = this.#parts;
    fillRow(recorder.row, connection, now);
    recorder.row.error = error;
    recorder.row.errorPhase = phase;
    recorder.commit();
  }

  #dropIdle(connection: Connection): void {
    const at = this.#idle.lastIndexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
    connection.destroy();
  }
}

function fillRow(row: Row, connection: Connection, endedAt: Instant): void {
  const reader = connection.reader;
  row.seq = connection.seq;
  row.lane = connection.lane;
  row.scheduledAt = connection.scheduledAt;
  row.sentAt = connection.sentAt;
  row.connectedAt = connection.connectedAt;
  row.firstByteAt = connection.firstByteAt;
  row.endedAt = endedAt;
  row.status = reader.status;
  row.statusText = reader.statusText;
  row.server = reader.server;
  row.bodyBytes = reader.bodyBytes;
  row.bodyOk = reader.bodyOk;
  row.target = reader.target;
  row.version = reader.version;
  row.bootId = reader.bootId;
  row.remoteIp = connection.remoteIp;
  row.localPort = connection.localPort;
  row.connectionId = connection.id;
  row.connectionUse = connection.uses;
  row.request = connection.request;
}
