import { BackendConnection, type ConnectionOwner } from './backend-connection.js';
import type { Exchange, Routed } from './exchange.js';
import type { NodeClock, NodeTimer } from './node-clock.js';

/** As NodeView reports it. */
export type BackendHealth = 'initial' | 'healthy' | 'unhealthy';

/** A TCP connection carried to a backend, as the backend sees it. */
export interface Flow {
  /** Ends both sides now; `backend.flowOver` follows. */
  cut(reset: boolean): void;
}

/** What a backend needs from its node. */
export interface BackendHost {
  readonly clock: NodeClock;
  readonly idleTimeoutMs: number;
  readonly preopen: number;
  readonly connectTimeoutMs: number;
  /** How long a connection passes for open after the backend closed it. */
  readonly closeNoticeMs: number;
  /** Idle connections to a backend that leaves stay open until they time out. */
  readonly drainKeepsIdle: boolean;
  /** The end of draining: what is in flight is cut or not, with a reset or an answer; or it never comes. */
  readonly drainEnd: { readonly cuts: boolean; readonly resets: boolean; readonly never: boolean };
  /** A request could not be delivered: the connection was never open. `cut` = closed by our own drain, not refused. */
  undelivered(exchange: Routed, backend: Backend, why: 'refused' | 'timed-out' | 'cut'): void;
  /** The number of outstanding requests went down. */
  roomMade(): void;
}

/** How long to wait before opening connections in advance again after one was refused or closed by the backend. */
const PREOPEN_RETRY_MS = 1_000;

/** One backend of one node: its connections, its outstanding requests, and how it leaves. */
export class Backend implements ConnectionOwner {
  readonly instanceId: string;
  host: string;
  port: number;
  health: BackendHealth = 'initial';
  /** Requests and flows given to this backend and not over, those still connecting included. */
  get outstanding(): number {
    return this.outstandingCell[0]!;
  }
  /** The same number where another thread can read it. */
  readonly outstandingCell = new Int32Array(new SharedArrayBuffer(4));
  readonly #flows = new Set<Flow>();
  readonly #node: BackendHost;
  readonly #idle: BackendConnection[] = [];
  readonly #connections = new Set<BackendConnection>();
  /** Connections opened before the last drain ended: finished with, never pooled again. */
  readonly #stale = new WeakSet<BackendConnection>();
  #inRotation = true;
  /** This drain ends by coming back only (a fault knob). */
  #endless = false;
  #sweep: NodeTimer | null = null;
  #preopenTimer: NodeTimer | null = null;
  #drainTimer: NodeTimer | null = null;
  #drained: { promise: Promise<void>; resolve: () => void } | null = null;

  constructor(node: BackendHost, instanceId: string, host: string, port: number) {
    this.#node = node;
    this.instanceId = instanceId;
    this.host = host;
    this.port = port;
  }

  get inRotation(): boolean {
    return this.#inRotation;
  }

  /** Gives the exchange a pooled connection, the last used first, or opens one. */
  carry(exchange: Exchange): void {
    this.outstandingCell[0]!++;
    const pooled = this.#idle.pop();
    if (pooled !== undefined) pooled.start(exchange);
    else this.#open(exchange);
  }

  /** Takes a TCP connection; `flowOver` gives it back. */
  carryFlow(flow: Flow): void {
    this.outstandingCell[0]!++;
    this.#flows.add(flow);
  }

  flowOver(flow: Flow): void {
    if (this.#flows.delete(flow)) this.#release();
  }

  /** Resets every TCP connection, as an NLB does to those of an unhealthy target. */
  resetFlows(): void {
    for (const flow of [...this.#flows]) flow.cut(true);
  }

  /** Opens connections in advance up to the configured number (a Classic ELB does, an ALB does not). */
  preopen(): void {
    if (!this.#inRotation || this.health !== 'healthy') return;
    for (let missing = this.#node.preopen - this.#connections.size; missing > 0; missing--) this.#open(null);
  }

  closeIdle(): void {
    for (const connection of this.#idle.splice(0)) connection.abandon();
  }

  /** Out of rotation: nothing new is carried from now on. */
  retire(): void {
    this.#inRotation = false;
  }

  /** Takes the backend out. Resolves when its last request ended, was cut, or the backend came back. */
  drain(enabled: boolean, timeoutMs: number): Promise<void> {
    this.#inRotation = false;
    this.#preopenTimer?.cancel();
    this.#preopenTimer = null;
    if (this.#node.drainKeepsIdle) this.#keepIdle();
    else {
      this.closeIdle();
      for (const connection of this.#connections) if (!connection.exchanging) connection.abandon();
    }
    const waits = enabled && timeoutMs > 0;
    this.#endless = waits && this.#node.drainEnd.never;
    if (this.outstanding === 0 && !this.#endless) {
      this.#endDrain();
      return Promise.resolve();
    }
    this.#drained ??= deferred();
    const { promise } = this.#drained;
    this.#drainTimer?.cancel();
    this.#drainTimer = null;
    if (!waits) this.#drainOver();
    else if (!this.#endless) this.#drainTimer = this.#node.clock.after(timeoutMs, () => this.#drainOver());
    return promise;
  }

  /** The time for draining is up. An NLB without connection termination lets flows go on and calls it done. */
  #drainOver(): void {
    const { cuts, resets } = this.#node.drainEnd;
    if (!cuts) {
      this.#endDrain();
      return;
    }
    for (const connection of [...this.#connections]) connection.cut(resets ? 'drained-reset' : 'drained');
    for (const flow of [...this.#flows]) flow.cut(resets);
  }

  /** Back in rotation while draining: requests under way go on without a deadline, checks start afresh. */
  rejoin(host: string, port: number): void {
    this.#inRotation = true;
    this.health = 'initial';
    this.host = host;
    this.port = port;
    this.#endDrain();
  }

  /** Closes everything; the exchanges' clients are closed by the node. */
  close(): void {
    this.#inRotation = false;
    this.#preopenTimer?.cancel();
    this.#sweep?.cancel();
    for (const connection of [...this.#connections]) connection.abandon();
    for (const flow of [...this.#flows]) flow.cut(false);
    this.#endDrain();
  }

  noticeClose(act: () => void): NodeTimer | null {
    const { closeNoticeMs, clock } = this.#node;
    return closeNoticeMs > 0 ? clock.after(closeNoticeMs, act) : null;
  }

  connectionIdle(connection: BackendConnection): void {
    if (!this.#inRotation) {
      this.#retire(connection);
      return;
    }
    connection.idleSinceMs = this.#node.clock.now();
    this.#idle.push(connection);
    this.#sweep ??= this.#node.clock.after(this.#node.idleTimeoutMs, () => this.#closeStale());
  }

  exchangeOver(connection: BackendConnection, reusable: boolean): void {
    if (!reusable) {
      this.#connections.delete(connection);
      this.#preopenLater();
    }
    // A connection of before a drain must not survive it: the address may be a new process's by now.
    else if (this.#inRotation && !this.#stale.has(connection)) this.connectionIdle(connection);
    else this.#retire(connection);
    this.#release();
  }

  connectionLost(connection: BackendConnection): void {
    this.#connections.delete(connection);
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
    this.#preopenLater();
  }

  connectFailed(connection: BackendConnection, exchange: Exchange | null, timedOut: boolean): void {
    this.#connections.delete(connection);
    if (exchange === null) {
      this.#preopenLater();
      return;
    }
    this.#release();
    this.#node.undelivered(exchange, this, !this.#inRotation ? 'cut' : timedOut ? 'timed-out' : 'refused');
  }

  /** Never pooled again: closed now, or left to time out or to be closed by the backend. */
  #retire(connection: BackendConnection): void {
    if (!this.#node.drainKeepsIdle) connection.abandon();
    else this.#node.clock.after(this.#node.idleTimeoutMs, () => connection.abandon());
  }

  #keepIdle(): void {
    for (const connection of this.#idle.splice(0)) {
      this.#stale.add(connection);
      this.#retire(connection);
    }
  }

  #endDrain(): void {
    this.#endless = false;
    this.#drainTimer?.cancel();
    this.#drainTimer = null;
    for (const connection of this.#connections) this.#stale.add(connection);
    this.#drained?.resolve();
    this.#drained = null;
  }

  #release(): void {
    this.outstandingCell[0]!--;
    if (this.outstanding === 0 && !this.#inRotation && !this.#endless) this.#endDrain();
    this.#node.roomMade();
  }

  #open(exchange: Exchange | null): void {
    const { clock, connectTimeoutMs } = this.#node;
    const connection = new BackendConnection(this, exchange, (fire) => clock.after(connectTimeoutMs, fire));
    this.#connections.add(connection);
    exchange?.assigned(connection);
  }

  #preopenLater(): void {
    if (this.#node.preopen === 0 || !this.#inRotation || this.#preopenTimer !== null) return;
    this.#preopenTimer = this.#node.clock.after(PREOPEN_RETRY_MS, () => {
      this.#preopenTimer = null;
      this.preopen();
    });
  }

  /** The pool is a stack, so the longest idle connections are at its bottom. */
  #closeStale(): void {
    this.#sweep = null;
    const { clock, idleTimeoutMs } = this.#node;
    const now = clock.now();
    const fresh = this.#idle.findIndex((connection) => connection.idleSinceMs + idleTimeoutMs > now);
    const expired = this.#idle.splice(0, fresh < 0 ? this.#idle.length : fresh);
    for (const connection of expired) connection.abandon();
    const oldest = this.#idle[0];
    if (oldest === undefined) return;
    this.#sweep = clock.after(oldest.idleSinceMs + idleTimeoutMs - now, () => this.#closeStale());
  }
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
