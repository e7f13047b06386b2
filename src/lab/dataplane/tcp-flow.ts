import { connect, type Socket } from 'node:net';
import type { FlowEntry } from './access-entry.js';
import type { Backend, Flow } from './backend.js';
import type { Routed } from './exchange.js';
import { IdleTimer } from './idle-timer.js';
import type { Accepted } from './listener.js';
import type { NodeClock, NodeTimer } from './node-clock.js';
import type { ReplyCause } from './replies.js';

/** What a TCP connection needs of its node. */
export interface FlowHost {
  readonly clock: NodeClock;
  readonly idleTimeoutMs: number;
  readonly connectTimeoutMs: number;
  /** An NLB ends silent flows, and flows that find no target, with a reset; a Classic ELB closes them. */
  readonly flowsEndByReset: boolean;
  route(routed: Routed): void;
  forget(routed: Routed): void;
  undelivered(routed: Routed, backend: Backend, why: 'refused' | 'timed-out' | 'cut'): void;
  flowGone(flow: TcpFlow): void;
}

/**
 * One TCP connection through the load balancer: pinned to its backend from the first byte to the last, both directions
 * copied with back-pressure, a half-close passed on. Nothing is sent twice: only a connection that never opened moves on.
 */
export class TcpFlow implements Routed, Flow {
  tried: Backend[] | null = null;
  readonly flow: string;
  readonly #node: FlowHost;
  readonly #client: Accepted;
  readonly #entry: FlowEntry | null;
  readonly #timer: IdleTimer;
  #backend: Backend | null = null;
  #upstream: Socket | null = null;
  #connectTimer: NodeTimer | null = null;
  #timedOut = false;
  #joined = false;
  #over = false;

  constructor(client: Accepted, node: FlowHost, entry: FlowEntry | null) {
    this.#client = client;
    this.#node = node;
    this.#entry = entry;
    this.flow = `${client.address}:${client.port}`;
    this.#timer = new IdleTimer(
      node.clock,
      node.idleTimeoutMs,
      () => this.#timer.activeMs,
      () => this.cut(node.flowsEndByReset),
    );
    const { socket } = client;
    // Unread until the backend is there: the kernel holds the client's bytes.
    socket.pause();
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#closed(client.broken, this.#joined ? this.#upstream : null));
    node.route(this);
  }

  carriedBy(backend: Backend): void {
    if (this.#over) return;
    this.#backend = backend;
    backend.carryFlow(this);
    const upstream = connect({ host: backend.host, port: backend.port, noDelay: true, allowHalfOpen: true });
    this.#upstream = upstream;
    this.#timedOut = false;
    this.#connectTimer = this.#node.clock.after(this.#node.connectTimeoutMs, () => {
      this.#timedOut = true;
      upstream.destroy();
    });
    let failed = false;
    upstream.on('connect', () => {
      this.#joined = true;
      this.#connectTimer?.cancel();
      this.#entry?.connected(backend);
      this.#join(upstream);
    });
    upstream.on('error', () => {
      failed = true;
      upstream.destroy();
    });
    upstream.on('close', () => {
      if (this.#upstream !== upstream) return;
      if (this.#joined) this.#closed(failed, this.#client.socket);
      else this.#notOpened(backend);
    });
  }

  /** Both sides are done with. */
  get over(): boolean {
    return this.#over;
  }

  refuse(_cause: ReplyCause): void {
    this.cut(this.#node.flowsEndByReset);
  }

  cut(reset: boolean): void {
    this.#end(reset);
  }

  #notOpened(backend: Backend): void {
    this.#connectTimer?.cancel();
    this.#upstream = null;
    this.#backend = null;
    backend.flowOver(this);
    if (this.#over) return;
    this.#node.undelivered(this, backend, this.#timedOut ? 'timed-out' : backend.inRotation ? 'refused' : 'cut');
  }

  #join(upstream: Socket): void {
    const { socket } = this.#client;
    const pass = (from: Socket, to: Socket, count: (bytes: number) => void): void => {
      from.on('data', (chunk: Buffer) => {
        this.#timer.touch();
        count(chunk.length);
        if (!to.write(chunk)) from.pause();
      });
      from.on('end', () => to.end());
      to.on('drain', () => {
        this.#timer.touch();
        from.resume();
      });
    };
    pass(socket, upstream, (bytes) => this.#entry?.received(bytes));
    pass(upstream, socket, (bytes) => this.#entry?.sent(bytes));
    socket.resume();
  }

  /** One side is gone: cleanly, and the other one first gets what is still on its way to it; or by a reset. */
  #closed(failed: boolean, other: Socket | null): void {
    if (failed || other === null || other.destroyed) this.#end(failed);
    else other.destroySoon();
  }

  /** Both sides are closed now, by a reset when the other side was reset or the node resets. */
  #end(reset: boolean): void {
    if (this.#over) return;
    this.#over = true;
    this.#timer.cancel();
    this.#connectTimer?.cancel();
    const upstream = this.#upstream;
    if (reset) {
      this.#client.reset();
      upstream?.resetAndDestroy();
    } else {
      this.#client.socket.destroy();
      upstream?.destroy();
    }
    const backend = this.#backend;
    this.#backend = null;
    if (backend === null) this.#node.forget(this);
    else backend.flowOver(this);
    this.#entry?.over();
    this.#node.flowGone(this);
  }
}
