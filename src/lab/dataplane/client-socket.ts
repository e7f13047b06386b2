import type { Socket } from 'node:net';
import type { NodeClock, NodeTimer } from './node-clock.js';

/** After our FIN has gone out, behind everything written, the client has this long to close. */
const LINGER_MS = 1_000;

/** The socket of a client: writing, holding back reading, and the three ways to part. */
export class ClientSocket {
  /** The client's address for X-Forwarded-For. */
  readonly address: string;
  readonly #socket: Socket;
  readonly #clock: NodeClock;
  #reading = true;
  #goodbye: NodeTimer | null = null;

  constructor(socket: Socket, clock: NodeClock) {
    this.#socket = socket;
    this.#clock = clock;
    const remote = socket.remoteAddress ?? 'unknown';
    this.address = remote.startsWith('::ffff:') ? remote.slice(7) : remote;
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

  /** The response cannot be finished. A FIN would pass for the end of a body without framing, so that one is reset. */
  cut(delimited: boolean): void {
    if (delimited) this.#socket.destroy();
    else this.#socket.resetAndDestroy();
  }
}
