import { type ClientHttp2Session, connect } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { ENGINE_ERRORS } from '../../domain/sample.js';
import type { Instant } from '../../domain/time.js';
import type { Address } from './address-book.js';
import { PHASE } from './connection.js';
import type { H2Exchange } from './h2-exchange.js';
import type { OpenH2Socket } from './sockets.js';

/** What a session tells its client. */
export interface SessionEvents {
  /** The TCP handshake is done; the TLS handshake and the peer's SETTINGS follow. */
  connected(session: H2Session): void;
  /** The peer's SETTINGS are there: streams may be opened. */
  opened(session: H2Session): void;
  /** It takes no new streams any more: the peer said so. What is on it may still end well. */
  leaving(session: H2Session): void;
  /** It is gone: what is on it or waits for it ends with it. */
  closed(session: H2Session): void;
}

/** Windows that do not throttle an answer: as wide as a browser's. Flow control would be the client's doing, not the service's. */
const STREAM_WINDOW = 6 * 2 ** 20;
const SESSION_WINDOW = 15 * 2 ** 20;
/** Of Node's own bookkeeping for the session, MB: 10,000 streams that wait for a hanging service fit. */
const MEMORY_MB = 128;

/** One HTTP/2 connection: the socket is ours until TLS is made, then node:http2 speaks on it. */
export class H2Session {
  readonly address: Address;
  /** Dictionary code of its address. */
  readonly remoteIp: number;
  /** The request it was opened for, and when that was. */
  readonly opener: H2Exchange;
  readonly begunAt: Instant;
  /** Everything put on it that has not ended, and, in order, what waits for it to be open. */
  readonly live = new Set<H2Exchange>();
  readonly waiting: H2Exchange[] = [];
  /** From 1 in the order of being connected; 0 = never was. */
  id = 0;
  uses = 0;
  localPort = 0;
  /** Where it stands on its way to being open, as a code of the sample column `errorPhase`; `headers` once it is. */
  phase: number = PHASE.connect;
  /** Streams open now, and how many the peer lets be open at once. */
  streams = 0;
  limit = 0;
  /** The peer's last GOAWAY. */
  goaway: { readonly code: number; readonly lastStreamId: number } | null = null;
  /** Code of what ended the socket, or null. */
  error: string | null = null;
  isClosed = false;
  readonly #events: SessionEvents;
  #socket: TLSSocket | null = null;
  #http: ClientHttp2Session | null = null;

  constructor(address: Address, remoteIp: number, opener: H2Exchange, begunAt: Instant, events: SessionEvents) {
    this.address = address;
    this.remoteIp = remoteIp;
    this.opener = opener;
    this.begunAt = begunAt;
    this.#events = events;
  }

  /** What speaks HTTP/2 on it, where that is possible now. */
  get http(): ClientHttp2Session | null {
    const http = this.#http;
    return http === null || http.closed || http.destroyed ? null : http;
  }

  /** Begins to connect. @throws what the system says at once, as of an exhausted descriptor table. */
  connect(open: OpenH2Socket): void {
    const socket = open(this.address);
    this.#socket = socket;
    socket.on('connect', () => {
      this.phase = PHASE.tls;
      this.localPort = socket.localPort ?? 0;
      this.#events.connected(this);
    });
    socket.on('secureConnect', () => this.#secured(socket));
    // Ours come before those of node:http2, so that a stream which ends with the socket finds out why.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.error ??= error.code ?? error.name;
    });
    socket.on('close', () => {
      this.isClosed = true;
      if (this.#http === null) this.#events.closed(this);
    });
  }

  /** No further streams: it closes when the last one has ended. Not while requests wait for it, who would never be sent. */
  leave(): void {
    if (this.phase === PHASE.headers) this.http?.close();
  }

  /** Cuts it for a reason of its own. */
  fail(code: string): void {
    this.error ??= code;
    this.destroy();
  }

  /** Cuts it. */
  destroy(): void {
    this.#socket?.destroy();
  }

  #secured(socket: TLSSocket): void {
    if (socket.alpnProtocol !== 'h2') {
      this.error = ENGINE_ERRORS.notHttp2;
      socket.destroy();
      return;
    }
    this.phase = PHASE.send;
    const http = connect('https://localhost', {
      createConnection: () => socket,
      settings: { enablePush: false, initialWindowSize: STREAM_WINDOW },
      maxSessionMemory: MEMORY_MB,
    });
    this.#http = http;
    http.on('connect', () => {
      if (!http.destroyed) http.setLocalWindowSize(SESSION_WINDOW);
    });
    http.on('remoteSettings', ({ maxConcurrentStreams }) => {
      this.limit = maxConcurrentStreams ?? Number.POSITIVE_INFINITY;
      if (this.phase !== PHASE.send) return;
      this.phase = PHASE.headers;
      this.#events.opened(this);
    });
    http.on('goaway', (code: number, lastStreamId: number) => {
      this.goaway = { code, lastStreamId };
      this.#events.leaving(this);
    });
    http.on('error', (error: NodeJS.ErrnoException) => {
      this.error ??= error.code ?? error.name;
    });
    http.on('close', () => this.#events.closed(this));
  }
}
