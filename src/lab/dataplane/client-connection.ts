import { albRefusal } from './alb-limits.js';
import type { Backend } from './backend.js';
import type { BackendConnection } from './backend-connection.js';
import type { ClientHost } from './client-host.js';
import { ClientSocket } from './client-socket.js';
import type { Exchange } from './exchange.js';
import { MALFORMED, NEED_MORE } from './header-fields.js';
import { IdleTimer } from './idle-timer.js';
import type { Accepted } from './listener.js';
import { CLOSING_CAUSES, RESET_CAUSES, type ReplyCause } from './replies.js';
import { RequestIntake } from './request-intake.js';

/**
 * head: waiting for, or in the middle of, a request head · body: request body passing (or thrown away after an early
 * reply) · wait: request complete, response outstanding · linger: we said goodbye · gone.
 */
type Phase = 'head' | 'body' | 'wait' | 'linger' | 'gone';

/** One client connection: requests read one after the other, each taken through one exchange. */
export class ClientConnection implements Exchange {
  tried: Backend[] | null = null;
  headRequest = false;
  readonly #node: ClientHost;
  readonly #socket: ClientSocket;
  readonly #intake = new RequestIntake();
  #phase: Phase = 'head';
  #connection: BackendConnection | null = null;
  /** Not null: the request head still has to be written, once the connection is open. */
  #requestText: string | null = null;
  #keepAlive = true;
  #discarding = false;
  #backendFull = false;
  #pumping = false;
  #clientEnded = false;
  readonly #timer: IdleTimer;

  constructor(accepted: Accepted, node: ClientHost) {
    this.#socket = new ClientSocket(accepted, node.clock);
    this.#node = node;
    const { socket } = accepted;
    // A head has its time from its first byte on, or one byte now and then would hold a connection for ever.
    const sinceMs = () => (this.#phase === 'head' ? this.#intake.headSinceMs : null) ?? this.#timer.activeMs;
    this.#timer = new IdleTimer(node.clock, node.idleTimeoutMs, sinceMs, () => this.#expire());
    socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    socket.on('end', () => this.#onEnd());
    socket.on('drain', () => this.#onDrain());
    // 'close' always follows and acts; an unhandled 'error' would bring the whole node down.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.destroy());
  }

  get minorVersion(): number {
    return this.#intake.head.minorVersion;
  }

  get requestSent(): boolean {
    return this.#phase === 'wait';
  }

  get flow(): string {
    return this.#socket.flow;
  }

  carriedBy(backend: Backend): void {
    backend.carry(this);
  }

  assigned(connection: BackendConnection): void {
    this.#connection = connection;
  }

  connected(connection: BackendConnection): void {
    this.#connection = connection;
    this.#socket.entry?.connected(connection.target);
    connection.onDrain = () => {
      this.#timer.touch();
      this.#backendFull = false;
      this.#pump();
    };
    let text = this.#requestText ?? '';
    this.#requestText = null;
    if (this.#phase === 'body' && this.#intake.bodyJoins) {
      const body = this.#takeBody();
      if (body === null) return;
      text += body.toString('latin1');
    }
    this.#backendFull = !connection.write(text);
    this.#pump();
  }

  connectionLine(delimited: boolean): string {
    this.#socket.delimited = delimited;
    // A response that overtakes its request: the rest of the request is not worth reading.
    if (!delimited || this.#phase !== 'wait') this.#keepAlive = false;
    return this.#keepAlive ? 'Connection: keep-alive\r\n\r\n' : 'Connection: close\r\n\r\n';
  }

  respond(data: string | Buffer): boolean {
    this.#timer.touch();
    return this.#socket.answer(data);
  }

  interim(text: string): void {
    this.#timer.touch();
    this.#socket.write(text);
  }

  responseEnded(): void {
    this.#connection = null;
    this.#socket.entry?.over();
    if (this.#phase === 'wait' && this.#keepAlive) {
      this.#nextRequest();
      this.#pump();
    } else this.#linger();
  }

  backendFailed(cause: ReplyCause): void {
    this.#connection = null;
    if (RESET_CAUSES.has(cause)) this.#socket.reset();
    else if (this.#socket.answering) this.#socket.cut();
    else this.refuse(cause);
  }

  refuse(cause: ReplyCause): void {
    if (this.#phase === 'gone' || this.#phase === 'linger') return;
    this.#connection = null;
    const close = !this.#keepAlive || CLOSING_CAUSES.has(cause);
    if (this.#phase === 'head') this.#socket.begin(this.#node.entries, null, '', 0);
    this.#socket.reply(this.#node.reply(cause, close, this.headRequest));
    if (close) this.#linger();
    else if (this.#phase === 'wait') this.#nextRequest();
    else this.#discarding = true;
    this.#pump();
  }

  #onData(chunk: Buffer): void {
    if (this.#phase === 'linger' || this.#phase === 'gone') return;
    this.#timer.touch();
    this.#intake.push(chunk);
    this.#pump();
  }

  /** Works through the bytes at hand until they are used up or something must be waited for. */
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    let going = true;
    while (going) {
      if (this.#phase === 'head') going = this.#readHead();
      else if (this.#phase === 'body') going = this.#readBody();
      else {
        // The next request stays unread until this one is answered: pipelining in order, in bounded memory.
        if (this.#phase === 'wait') this.#socket.setReading(this.#intake.empty);
        going = false;
      }
    }
    this.#pumping = false;
  }

  #readHead(): boolean {
    // A client that sends requests and reads no responses must not fill our memory.
    if (!this.#intake.empty && this.#socket.full) {
      this.#socket.setReading(false);
      return false;
    }
    const length = this.#intake.scanHead(this.#timer.activeMs);
    if (length === NEED_MORE) {
      this.#socket.setReading(true);
      if (this.#clientEnded && this.#intake.headSinceMs === null) this.#linger();
      else if (this.#clientEnded) this.refuse('client-timeout');
      return false;
    }
    if (length === MALFORMED) {
      this.refuse(this.#intake.head.rejection);
      return false;
    }
    this.#beginRequest(length);
    return true;
  }

  #beginRequest(length: number): void {
    const { head, body } = this.#intake;
    const node = this.#node;
    this.#keepAlive = head.keepAlive;
    this.headRequest = head.method === 'HEAD';
    this.#discarding = false;
    this.#backendFull = false;
    this.tried = null;
    this.#requestText = this.#intake.takeHead(length, this.#socket.address, node.forwardedTail, node.authority);
    this.#socket.begin(node.entries, head, this.#requestText, length);
    this.#phase = body.done ? 'wait' : 'body';
    const refusal = node.flavour === 'alb' ? albRefusal(head) : null;
    if (refusal !== null) {
      this.refuse(refusal);
      return;
    }
    // Answered here and not passed on, as ELB documents it.
    if (head.fields.expectContinue && head.minorVersion === 1 && !body.done) {
      this.#socket.write('HTTP/1.1 100 Continue\r\n\r\n');
    }
    node.route(this);
  }

  #readBody(): boolean {
    if (!this.#discarding && (this.#requestText !== null || this.#backendFull)) {
      this.#socket.setReading(false);
      return false;
    }
    if (this.#intake.empty) {
      this.#socket.setReading(true);
      return false;
    }
    const body = this.#takeBody();
    if (body === null) return false;
    if (!this.#discarding) this.#backendFull = this.#connection?.write(body) === false;
    // Nothing is owed after a discarded body: its reply went out before.
    else if (this.#intake.body.done) this.#nextRequest();
    return true;
  }

  /** The request body at hand; null = it was malformed, which has been dealt with. */
  #takeBody(): Buffer | null {
    const bytes = this.#intake.takeBody();
    if (this.#intake.body.bad) {
      this.#abortBody('bad-request');
      return null;
    }
    this.#socket.entry?.received(bytes.length);
    if (this.#intake.body.done) this.#phase = 'wait';
    return bytes;
  }

  /** The request body will not come to its end. */
  #abortBody(cause: ReplyCause): void {
    this.#dropExchange();
    if (this.#discarding) this.#linger();
    else if (this.#socket.answering) this.#socket.cut();
    else this.refuse(cause);
  }

  #nextRequest(): void {
    this.#phase = 'head';
    this.#intake.reset();
    this.headRequest = false;
  }

  /** Our side is done: FIN after what was written, then read and forget until the client closes. */
  #linger(): void {
    if (this.#phase === 'linger' || this.#phase === 'gone') return;
    this.#phase = 'linger';
    this.#intake.clear();
    this.#socket.finish();
  }

  /** Leaves the backend or the queue, whichever this exchange is at. */
  #dropExchange(): void {
    const connection = this.#connection;
    this.#connection = null;
    if (connection !== null) connection.abandon();
    else this.#node.forget(this);
  }

  #onEnd(): void {
    this.#clientEnded = true;
    // 'wait': the client may have closed its sending side only; it still gets its response.
    if (this.#phase === 'head') this.#pump();
    else if (this.#phase === 'body') this.#abortBody('client-timeout');
  }

  #onDrain(): void {
    this.#timer.touch();
    this.#connection?.resume();
    if (this.#phase === 'head') this.#pump();
  }

  /** Closed, or to be closed at once, as when the node goes away. */
  destroy(): void {
    if (this.#phase === 'gone') return;
    this.#phase = 'gone';
    this.#timer.cancel();
    this.#socket.destroy();
    this.#socket.entry?.over();
    this.#intake.clear();
    this.#dropExchange();
    this.#node.clientGone(this);
  }

  /** Nothing moved for the idle timeout. */
  #expire(): void {
    const nothingBegun = this.#intake.headSinceMs === null || this.#socket.full;
    if (this.#phase === 'linger' || (this.#phase === 'head' && nothingBegun)) this.#socket.destroy();
    else if (this.#phase === 'head') this.refuse('client-timeout');
    else {
      const clientIsSlow = this.#phase === 'body' && this.#socket.reading;
      this.#dropExchange();
      if (this.#socket.answering || this.#discarding) this.#socket.cut();
      else this.refuse(clientIsSlow ? 'client-timeout' : 'backend-timeout');
    }
  }
}
