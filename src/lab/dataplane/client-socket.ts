import type { Socket } from 'node:net';
import { type EntryHost, RequestEntry } from './access-entry.js';
import type { Accepted } from './listener.js';
import type { NodeClock, NodeTimer } from './node-clock.js';
import type { RequestHead } from './request-head.js';

/** After our FIN has gone out, behind everything written, the client has this long to close. */
const LINGER_MS = 1_000;

/** The socket of a client: writing, holding back reading, and the three ways to part. */
export class ClientSocket {
  /** The client's address for X-Forwarded-For. */
  readonly address: string;
  readonly #accepted: Accepted;
  readonly #socket: Socket;
  readonly #clock: NodeClock;
  /** The answer has begun, so no reply can take its place any more. */
  answering = false;
  /** The answer's end is told by its framing, not by the connection's. */
  delimited = true;
  #reading = true;
  #goodbye: NodeTimer | null = null;
  #entry: RequestEntry | null = null;

  constructor(accepted: Accepted, clock: NodeClock) {
    this.#accepted = accepted;
    this.#socket = accepted.socket;
    this.#clock = clock;
    this.address = accepted.address;
  }

  /** The client's address and port. */
  get flow(): string {
    return `${this.#accepted.address}:${this.#accepted.port}`;
  }

  /** What the access log is told of the request under way; null without a log. */
  get entry(): RequestEntry | null {
    return this.#entry;
  }

  /** A request begins: `text` is its head of `headBytes`; null = one that could not be read. */
  begin(entries: EntryHost | null, head: RequestHead | null, text: string, headBytes: number): void {
    this.answering = false;
    this.delimited = true;
    if (entries !== null) this.#entry = new RequestEntry(entries, this.#accepted, head, text, headBytes);
  }

  /** Bytes of a target's answer. False = the client is slow: wait for 'drain'. */
  answer(data: string | Buffer): boolean {
    this.answering = true;
    this.#entry?.answered(data);
    return this.write(data);
  }

  /** The load balancer's own answer. */
  reply(text: string): void {
    this.#entry?.replied(text);
    this.write(text);
  }

  /** Text travels as latin1. False = the client is slow: wait for 'drain'. */
  write(data: string | Buffer): boolean {
    return typeof data === 'string' ? this.#socket.write(data, 'latin1') : this.#socket.write(data);
  }

  /** More is written than the client has taken. */
  get full(): boolean {
    return this.#socket.writableNeedDrain;
  }

  get reading(): boolean {
    return this.#reading;
  }

  setReading(on: boolean): void {
    if (this.#reading === on) return;
    this.#reading = on;
    if (on) this.#socket.resume();
    else this.#socket.pause();
  }

  /** FIN after what was written; the owner reads on and forgets, so unread bytes do not turn it into a reset. */
  finish(): void {
    this.setReading(true);
    this.#socket.end(() => {
      if (this.#socket.destroyed) return;
      this.#goodbye = this.#clock.after(LINGER_MS, () => this.#socket.destroy());
    });
  }

  destroy(): void {
    this.#goodbye?.cancel();
    this.#socket.destroy();
  }

  reset(): void {
    this.#accepted.reset();
  }

  /** The response cannot be finished. A FIN would pass for the end of a body without framing, so that one is reset. */
  cut(): void {
    if (this.delimited) this.#socket.destroy();
    else this.#accepted.reset();
  }
}
