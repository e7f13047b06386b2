import { ENGINE_ERRORS } from '../../domain/sample.js';
import type { Instant } from '../../domain/time.js';
import type { Address, AddressBook } from './address-book.js';
import { type ClientRequest, type ConnectionIds, InFlight, PHASE } from './connection.js';
import { endOf, isSilentlyOver, lengthCode } from './h2-end.js';
import { H2Exchange } from './h2-exchange.js';
import { h2Message } from './h2-message.js';
import { H2Session, type SessionEvents } from './h2-session.js';
import { type StreamEvents, streamOpener } from './h2-stream.js';
import type { Recorder } from './recorder.js';
import type { RequestTemplate } from './request.js';
import type { HeadFormat } from './response-head.js';
import type { OpenH2Socket } from './sockets.js';

/** What the client works with; everything that touches the outside is given. */
export interface H2ClientParts {
  readonly now: () => Instant;
  /** Told at every event, so that time in which the thread did not run is noticed. */
  readonly alive: (now: Instant) => void;
  readonly template: Pick<RequestTemplate, 'kindOf' | 'render'>;
  /** By the template's kinds. */
  readonly requests: readonly ClientRequest[];
  readonly format: HeadFormat;
  readonly recorder: Pick<Recorder, 'row' | 'dictionaries' | 'commit' | 'takenBack'>;
  readonly addresses: Pick<AddressBook, 'failure' | 'pick'>;
  readonly timeoutMs: number;
  readonly ids: ConnectionIds;
  readonly open: OpenH2Socket;
}

/** RFC 9113 §7: of no further interest. */
const CANCEL = 8;
/** Arrivals do not wait for a connection that is not open by then: the next one may be, while this one's lost SYN is not. */
const ATTEMPT_MS = 1000;

/**
 * HTTP/2 on node:http2, one session per address and a stream per request. Every request fired ends in exactly one row, no
 * retry, no HTTP/1.1 instead. A session is left (further requests open another one) when the peer says GOAWAY, when it
 * ends, and when a request on it times out; what is on it then goes on.
 *
 *     fired ── no session ──► connect · TLS, ALPN h2 · SETTINGS ──► stream opened ──► END_STREAM: a whole answer
 *       └───── one is being made: waits, sentAt is when its stream is opened ─┘  └──► reset, GOAWAY, end: a failure
 *       └───── as many streams are open as the peer allows: ROLLPROOF_DROPPED, never sent, never queued
 */
export class H2Client implements SessionEvents, StreamEvents {
  readonly #parts: H2ClientParts;
  readonly #openStream = streamOpener(this);
  readonly #inFlight = new InFlight<H2Exchange>();
  /** By `ip port`: where the next request goes. */
  readonly #sessions = new Map<string, H2Session>();
  /** Left, and not yet gone. */
  readonly #left = new Set<H2Session>();
  readonly #unresolved: H2Exchange[] = [];

  constructor(parts: H2ClientParts) {
    this.#parts = parts;
  }

  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** When the oldest request in flight times out; Infinity when there is none. */
  get nextDeadline(): Instant {
    const oldest = this.#inFlight.oldest;
    return oldest === null ? Number.POSITIVE_INFINITY : oldest.firedAt + this.#parts.timeoutMs;
  }

  /** Takes one arrival now, and says when that was. Its row follows when it ends. */
  fire(seq: number, lane: number, scheduledAt: Instant): Instant {
    const { now, template, requests } = this.#parts;
    const at = now();
    const kind = template.kindOf(seq, lane);
    const exchange = new H2Exchange({ seq, lane, scheduledAt }, kind, requests[kind]!, at);
    this.#inFlight.add(exchange);
    this.#place(exchange, at);
    return at;
  }

  /** Ends every request whose own timer ran out, and leaves their sessions: they may be dead without a word. */
  expire(now: Instant): void {
    for (let e = this.#inFlight.oldest; e !== null && e.firedAt + this.#parts.timeoutMs <= now; ) {
      const session = e.session;
      this.#fail(e, ENGINE_ERRORS.timeout, this.#phaseOf(e), now);
      if (session !== null) this.leaving(session);
      e = this.#inFlight.oldest;
    }
  }

  /** Cuts what is still in flight: the run is over and was waited for. */
  abortAll(now: Instant): void {
    for (let e = this.#inFlight.oldest; e !== null; e = this.#inFlight.oldest)
      this.#fail(e, ENGINE_ERRORS.aborted, this.#phaseOf(e), now);
  }

  /** Cuts sessions that were left and carry nothing any more: a dead peer would never close them. */
  sweep(): void {
    for (const session of this.#left) if (session.live.size === 0) session.destroy();
  }

  /** A look-up ended: arrivals that waited for it go on. */
  resume(): void {
    const now = this.#parts.now();
    for (const exchange of this.#unresolved.splice(0)) if (!exchange.isEnded) this.#place(exchange, now);
  }

  /** Lets go of all connections. */
  close(): void {
    for (const session of [...this.#sessions.values(), ...this.#left]) session.destroy();
  }

  #place(exchange: H2Exchange, now: Instant): void {
    const { addresses } = this.#parts;
    const address = addresses.pick(exchange.seq);
    if (address === null) {
      if (addresses.failure === null) this.#unresolved.push(exchange);
      else this.#fail(exchange, addresses.failure, PHASE.dns, now);
      return;
    }
    const known = this.#sessions.get(keyOf(address));
    if (known !== undefined && this.#isUsable(known, now)) this.#put(exchange, known);
    else this.#connect(exchange, address, now);
  }

  #isUsable(session: H2Session, now: Instant): boolean {
    if (session.phase === PHASE.headers) return session.http !== null;
    return now - session.begunAt < ATTEMPT_MS;
  }

  #put(exchange: H2Exchange, session: H2Session): void {
    exchange.session = session;
    session.live.add(exchange);
    if (session.phase === PHASE.headers) this.#send(exchange, session);
    else {
      session.waiting.push(exchange);
      if (session.id > 0) exchange.use = ++session.uses;
    }
  }

  #connect(exchange: H2Exchange, address: Address, now: Instant): void {
    const { recorder, open } = this.#parts;
    const remoteIp = recorder.dictionaries.remoteIp.codeOfText(address.ip);
    const session = new H2Session(address, remoteIp, exchange, now, this);
    this.leaving(this.#sessions.get(keyOf(address)));
    this.#sessions.set(keyOf(address), session);
    this.#put(exchange, session);
    try {
      session.connect(open);
    } catch (error) {
      const { code, name } = error as NodeJS.ErrnoException;
      session.error = code ?? name;
      this.closed(session);
    }
  }

  #send(exchange: H2Exchange, session: H2Session): void {
    const { http } = session;
    const { recorder, template, now } = this.#parts;
    if (http === null) {
      this.#fail(exchange, ...endOf(exchange, session), now());
      return;
    }
    if (session.streams >= session.limit) {
      this.#take(exchange);
      recorder.takenBack(exchange.seq, exchange.lane, exchange.scheduledAt);
      return;
    }
    if (exchange.use === 0) exchange.use = ++session.uses;
    const { kind, seq, lane } = exchange;
    try {
      exchange.stream = this.#openStream(http, exchange, h2Message(template.render(kind, seq, lane, 0)));
      session.streams++;
    } catch (error) {
      const { code, name } = error as NodeJS.ErrnoException;
      this.#fail(exchange, code ?? name, PHASE.send, now());
    }
  }

  connected(session: H2Session): void {
    const now = this.#tick();
    session.id = this.#parts.ids.next();
    if (!session.opener.isEnded) session.opener.connectedAt = now;
    for (const exchange of session.waiting) if (!exchange.isEnded) exchange.use = ++session.uses;
  }

  opened(session: H2Session): void {
    const now = this.#tick();
    for (const exchange of session.waiting.splice(0)) {
      if (exchange.isEnded) continue;
      // Nothing was sent for the others until now: it would be wrong to say that they had asked before.
      if (exchange !== session.opener) exchange.sentAt = now;
      this.#send(exchange, session);
    }
    if (this.#left.has(session)) session.leave();
  }

  leaving(session: H2Session | undefined): void {
    if (session === undefined || this.#left.has(session) || session.isClosed) return;
    const key = keyOf(session.address);
    if (this.#sessions.get(key) === session) this.#sessions.delete(key);
    this.#left.add(session);
    session.leave();
  }

  closed(session: H2Session): void {
    const now = this.#tick();
    this.leaving(session);
    this.#left.delete(session);
    const key = keyOf(session.address);
    if (this.#sessions.get(key) === session) this.#sessions.delete(key);
    for (const exchange of session.live) {
      this.#fail(exchange, ...endOf(exchange, session), now);
    }
  }

  informed(exchange: H2Exchange): void {
    this.#heard(exchange, this.#tick());
  }

  responded(exchange: H2Exchange, head: readonly string[]): void {
    this.#heard(exchange, this.#tick());
    exchange.head(head, this.#parts.format);
  }

  data(exchange: H2Exchange, bytes: Uint8Array): void {
    this.#heard(exchange, this.#tick());
    exchange.body(bytes);
  }

  finished(exchange: H2Exchange): void {
    const now = this.#tick();
    if (exchange.isEnded) return;
    if (exchange.missing !== 0) this.#fail(exchange, lengthCode(exchange), PHASE.body, now);
    else if (exchange.status === 0) this.#fail(exchange, ENGINE_ERRORS.protocol, PHASE.headers, now);
    else this.#record(exchange, 0, PHASE.none, now);
  }

  streamClosed(exchange: H2Exchange): void {
    const now = this.#tick();
    const session = exchange.session!;
    session.streams--;
    if (exchange.isWhole) this.finished(exchange);
    if (exchange.isEnded) return;
    // What never left is not asked again on another connection, it is asked for the first time.
    if (exchange.isUnsent && session.goaway?.code === 0) {
      session.live.delete(exchange);
      exchange.begin(now);
      this.#place(exchange, now);
      return;
    }
    if (isSilentlyOver(exchange, session)) session.fail(ENGINE_ERRORS.protocol);
    this.#fail(exchange, ...endOf(exchange, session), now);
  }

  #tick(): Instant {
    const now = this.#parts.now();
    this.#parts.alive(now);
    return now;
  }

  #heard(exchange: H2Exchange, now: Instant): void {
    if (Number.isNaN(exchange.firstByteAt)) exchange.firstByteAt = now;
  }

  /** Where a request stands that we end ourselves. */
  #phaseOf({ session, stream, status }: H2Exchange): number {
    if (stream === null) return session?.phase ?? PHASE.dns;
    return status > 0 ? PHASE.body : PHASE.headers;
  }

  #fail(exchange: H2Exchange, code: string, phase: number, now: Instant): void {
    this.#record(exchange, this.#parts.recorder.dictionaries.error.codeOfText(code), phase, now);
    exchange.stream?.close(CANCEL);
  }

  #record(exchange: H2Exchange, error: number, phase: number, now: Instant): void {
    this.#take(exchange);
    const { recorder } = this.#parts;
    exchange.fill(recorder.row, now, phase === PHASE.none);
    recorder.row.error = error;
    recorder.row.errorPhase = phase;
    recorder.commit();
  }

  /** It is over: nothing more is written of it. */
  #take(exchange: H2Exchange): void {
    exchange.isEnded = true;
    exchange.session?.live.delete(exchange);
    this.#inFlight.remove(exchange);
  }
}

function keyOf({ ip, port }: Address): string {
  return `${ip} ${port}`;
}
