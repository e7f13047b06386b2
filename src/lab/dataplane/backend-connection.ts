import { connect, type Socket } from 'node:net';
import { BodyFraming } from './body-framing.js';
import type { Exchange } from './exchange.js';
import { MALFORMED, NEED_MORE } from './header-fields.js';
import type { NodeTimer } from './node-clock.js';
import type { ReplyCause } from './replies.js';
import { ResponseHead } from './response-head.js';

/**
 * All backend sockets read into this one buffer: it is consumed before the callback returns, and what must live longer
 * is copied. 64 KiB bounds what a slow client can make one connection hold.
 */
const READ_BUFFER = Buffer.allocUnsafeSlow(64 * 1024);
/** Up to here bytes travel as a latin1 string, which libuv copies when it must; larger ones as a copied Buffer. */
const TEXT_BYTES = 8 * 1024;

/** What a backend connection tells its owner (the pool). */
export interface ConnectionOwner {
  readonly host: string;
  readonly port: number;
  /** Open and without a request. */
  connectionIdle(connection: BackendConnection): void;
  /** The exchange is over. `reusable` = the connection may serve another. Called before the exchange hears of it. */
  exchangeOver(connection: BackendConnection, reusable: boolean): void;
  /** Closed while it carried no exchange. */
  connectionLost(connection: BackendConnection): void;
  /** The backend closed an idle connection: `act` when the node may know of it; null = it knows at once. */
  noticeClose(act: () => void): NodeTimer | null;
  /** Could not be opened; `exchange` is what waited for it (null: opened in advance). */
  connectFailed(connection: BackendConnection, exchange: Exchange | null, timedOut: boolean): void;
}

type State = 'connecting' | 'idle' | 'busy' | 'gone';

/** One connection to a backend: one exchange at a time, the response read, checked and passed on as it arrives. */
export class BackendConnection {
  state: State = 'connecting';
  /** Clock reading when it last became idle; kept by the pool. */
  idleSinceMs = 0;
  readonly #owner: ConnectionOwner;
  readonly #socket: Socket;
  readonly #head = new ResponseHead();
  readonly #body = new BodyFraming();
  #exchange: Exchange | null;
  #inBody = false;
  #unchunk = false;
  #carry: Buffer | null = null;
  #connectTimer: NodeTimer | null;
  #timedOut = false;
  /** The backend closed it and the news is on its way: a request that is sent now meets nobody. */
  #unnoticed: NodeTimer | null = null;

  constructor(owner: ConnectionOwner, exchange: Exchange | null, after: (fire: () => void) => NodeTimer) {
    this.#owner = owner;
    this.#exchange = exchange;
    this.#socket = connect({
      host: owner.host,
      port: owner.port,
      noDelay: true,
      onread: { buffer: READ_BUFFER, callback: (bytes, buffer) => this.#onRead(bytes, buffer as Buffer) },
    });
    this.#connectTimer = after(() => {
      this.#timedOut = true;
      this.#socket.destroy();
    });
    this.#socket.on('connect', () => this.#onConnect());
    this.#socket.on('drain', () => this.#exchange !== null && this.state === 'busy' && this.onDrain?.());
    this.#socket.on('end', () => this.#onEnd());
    // 'close' always follows and acts; an unhandled 'error' would bring the whole node down.
    this.#socket.on('error', () => this.#socket.destroy());
    this.#socket.on('close', () => this.#onClose());
  }

  /** Set by the exchange that is sending a body: room to write again. */
  onDrain: (() => void) | null = null;

  /** Takes an idle connection for an exchange. */
  start(exchange: Exchange): void {
    this.#exchange = exchange;
    this.#becomeBusy();
    exchange.connected(this);
  }

  /** Request bytes; false = stop until `onDrain`. */
  write(data: string | Buffer): boolean {
    if (this.state !== 'busy' || this.#unnoticed !== null) return true;
    return typeof data === 'string' ? this.#socket.write(data, 'latin1') : this.#socket.write(data);
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Ends the exchange from the client's side: nobody waits for the answer. */
  abandon(): void {
    if (this.state === 'gone') return;
    this.#leave(false);
  }

  /** Cuts the connection under its exchange, which hears of it with `cause`; an idle one just closes. */
  cut(cause: ReplyCause): void {
    if (this.state === 'gone') return;
    const exchange = this.#exchange;
    if (this.state === 'connecting') {
      this.#drop();
      this.#owner.connectFailed(this, exchange, false);
      return;
    }
    this.#leave(false);
    exchange?.backendFailed(cause);
  }

  /** Where it leads. */
  get target(): Pick<ConnectionOwner, 'host' | 'port'> {
    return this.#owner;
  }

  get exchanging(): boolean {
    return this.#exchange !== null;
  }

  #becomeBusy(): void {
    this.state = 'busy';
    this.#inBody = false;
    this.#head.reset();
  }

  #onConnect(): void {
    this.#connectTimer?.cancel();
    this.#connectTimer = null;
    if (this.state !== 'connecting') return;
    if (this.#exchange === null) {
      this.state = 'idle';
      this.#owner.connectionIdle(this);
      return;
    }
    this.#becomeBusy();
    this.#exchange.connected(this);
  }

  #onRead(bytes: number, buffer: Buffer): boolean {
    if (this.#unnoticed !== null) return true;
    if (this.state !== 'busy') {
      // Bytes nobody asked for (a 408 to an idle connection, a second response): it must not answer the next request.
      if (this.state === 'idle') this.#closedIdle();
      return true;
    }
    if (this.#carry === null) return this.#consume(buffer, bytes);
    const whole = Buffer.concat([this.#carry, buffer.subarray(0, bytes)]);
    this.#carry = null;
    return this.#consume(whole, whole.length);
  }

  /** Returns false when the client cannot take more for now. */
  #consume(buf: Buffer, limit: number): boolean {
    let headText = '';
    let at = 0;
    if (!this.#inBody) {
      for (;;) {
        const length = this.#head.scan(buf, at, limit);
        if (length === NEED_MORE) {
          if (at < limit) this.#carry = Buffer.from(buf.subarray(at, limit));
          return true;
        }
        if (length === MALFORMED || this.#head.status === 101) {
          this.cut('bad-response');
          return true;
        }
        if (this.#head.status >= 200) {
          headText = this.#startBody(buf, at);
          at += length;
          break;
        }
        this.#interim(buf, at);
        at += length;
        this.#head.reset();
      }
    }
    return this.#consumeBody(buf, at, limit, headText);
  }

  /** 1xx: the load balancer has answered `Expect` by itself, so 100 ends here; others pass to clients that know them. */
  #interim(buf: Buffer, at: number): void {
    const exchange = this.#exchange;
    if (exchange === null || this.#head.status === 100 || exchange.minorVersion === 0) return;
    exchange.interim(this.#head.forwardText(buf, at, '\r\n'));
  }

  #startBody(buf: Buffer, at: number): string {
    const exchange = this.#exchange!;
    const { fields, status } = this.#head;
    this.#inBody = true;
    this.#unchunk = false;
    if (exchange.headRequest || status === 204 || status === 304) this.#body.start('none');
    else if (fields.chunked) this.#body.start('chunked');
    else if (fields.contentLength >= 0) this.#body.start('length', fields.contentLength);
    else this.#body.start('close');
    if (this.#body.kind === 'chunked' && exchange.minorVersion === 0) {
      this.#unchunk = true;
      fields.stripTransferEncoding();
    }
    const delimited = this.#body.kind !== 'close' && !this.#unchunk;
    return this.#head.forwardText(buf, at, exchange.connectionLine(delimited));
  }

  #consumeBody(buf: Buffer, at: number, limit: number, headText: string): boolean {
    const exchange = this.#exchange!;
    const payload: number[] | undefined = this.#unchunk ? [] : undefined;
    const stop = this.#body.advance(buf, at, limit, payload);
    if (this.#body.bad) {
      this.cut('bad-response');
      return true;
    }
    let room = true;
    if (payload !== undefined) {
      if (headText !== '') room = exchange.respond(headText);
      for (let i = 0; i < payload.length; i += 2) {
        room = exchange.respond(Buffer.from(buf.subarray(payload[i]!, payload[i + 1]!)));
      }
    } else if (stop - at <= TEXT_BYTES) {
      const text = stop > at ? headText + buf.toString('latin1', at, stop) : headText;
      if (text !== '') room = exchange.respond(text);
    } else {
      if (headText !== '') exchange.respond(headText);
      room = exchange.respond(Buffer.from(buf.subarray(at, stop)));
    }
    // The client may have died under the write.
    if (this.#exchange === null) return true;
    if (!this.#body.done) return room;
    this.#finish(stop === limit);
    return true;
  }

  #finish(clean: boolean): void {
    const exchange = this.#exchange!;
    this.#leave(clean && this.#head.reusable && this.#body.kind !== 'close' && exchange.requestSent);
    exchange.responseEnded();
  }

  #closedIdle(): void {
    this.#unnoticed = this.#owner.noticeClose(() => this.cut('backend-closed'));
    if (this.#unnoticed === null) this.#leave(false);
  }

  #onEnd(): void {
    if (this.#unnoticed !== null) return;
    if (this.state === 'idle') this.#closedIdle();
    else if (this.state === 'busy' && this.#inBody && this.#body.kind === 'close') this.#finish(false);
    else this.cut('backend-closed');
  }

  #onClose(): void {
    if (this.state === 'gone' || this.#unnoticed !== null) return;
    if (this.state === 'connecting') {
      const exchange = this.#exchange;
      this.#drop();
      this.#owner.connectFailed(this, exchange, this.#timedOut);
    } else if (this.state === 'idle') this.#closedIdle();
    else this.cut('backend-closed');
  }

  /** Detaches the exchange and either keeps the connection for the next one or closes it. */
  #leave(reusable: boolean): void {
    const had = this.#exchange !== null;
    this.#exchange = null;
    this.onDrain = null;
    this.#carry = null;
    if (reusable) this.state = 'idle';
    else this.#drop();
    if (had) this.#owner.exchangeOver(this, reusable);
    else this.#owner.connectionLost(this);
  }

  #drop(): void {
    this.state = 'gone';
    this.#exchange = null;
    this.#connectTimer?.cancel();
    this.#connectTimer = null;
    this.#unnoticed?.cancel();
    this.#socket.destroy();
  }
}
