import { createServer, type Server, type Socket } from 'node:net';
import { Backend, type BackendHealth, type BackendHost } from './backend.js';
import { ClientConnection } from './client-connection.js';
import type { ClientHost } from './client-host.js';
import type { Exchange } from './exchange.js';
import { type CheckFailure, startCheck } from './health-check.js';
import { checkPhase, HealthLoop } from './health-loop.js';
import { type NodeClock, systemClock } from './node-clock.js';
import { type ReplyText, replyTexts } from './replies.js';
import { Router } from './router.js';

export type { BackendHealth } from './backend.js';

/** Where one registered instance listens. */
export interface BackendAddress {
  instanceId: string;
  host: string;
  port: number;
}

/** How a node checks its backends; `path` and `codes` (inclusive ranges, absent = 200 only) are used by `http` only. */
export interface NodeHealthCheck {
  kind: 'http' | 'tcp';
  path: string;
  codes?: readonly (readonly [number, number])[];
  intervalMs: number;
  timeoutMs: number;
  unhealthyThreshold: number;
  healthyThreshold: number;
  initialChecks: number;
}

/** One node of a load balancer. Port 0 = any free port. */
export interface NodeViewOptions {
  name: string;
  host: string;
  port: number;
  flavour: 'clb' | 'alb';
  connectRetries: number;
  preopen: number;
  idleTimeoutMs: number;
  surgeQueue: number;
  health: NodeHealthCheck;
  /** Called on every change to healthy or unhealthy; `initial` is what `add` begins with and is not announced. */
  onHealthChange(instanceId: string, state: BackendHealth): void;
}

/** A running node: its own listener, routing copy, health checks and backend connections. */
export interface NodeView {
  readonly host: string;
  readonly port: number;
  /** Starts checking; routed to once healthy. No-op when present; while draining it comes back, checked afresh. */
  add(backend: BackendAddress): void;
  /**
   * No new requests from now on. Resolves when the last one under way ended or was cut (at the timeout, or at once when
   * draining is disabled), or when the backend was added again meanwhile.
   */
  remove(instanceId: string, drain: { enabled: boolean; timeoutMs: number }): Promise<void>;
  /** `absent` from `remove` on, also while requests are still draining. */
  health(instanceId: string): BackendHealth | 'absent';
  /** How the latest check of a backend in rotation failed; null when it passed or there was none. */
  checkFailure(instanceId: string): CheckFailure | null;
  /** Requests outstanding at the backend, draining ones included. */
  inFlight(instanceId: string): number;
  /** Takes effect at once: every backend is checked anew, with its state kept and its streak begun again. */
  configureHealth(check: NodeHealthCheck): void;
  close(): Promise<void>;
}

/** What a node does not get from its options; tests override it. */
export interface NodeViewDeps {
  readonly clock: NodeClock;
  readonly connectTimeoutMs: number;
  /** Outstanding requests per backend beyond which requests wait in the surge queue. */
  readonly backendMaxRequests: number;
}

const DEFAULT_DEPS: NodeViewDeps = { clock: systemClock, connectTimeoutMs: 10_000, backendMaxRequests: 2_048 };

/** Starts a node; rejects when its address cannot be listened on. */
export async function startNodeView(options: NodeViewOptions, deps: Partial<NodeViewDeps> = {}): Promise<NodeView> {
  const view = new LocalNodeView(options, { ...DEFAULT_DEPS, ...deps });
  await view.listen();
  return view;
}

class LocalNodeView implements NodeView, ClientHost, BackendHost {
  readonly clock: NodeClock;
  readonly flavour: 'clb' | 'alb';
  readonly idleTimeoutMs: number;
  readonly preopen: number;
  readonly connectTimeoutMs: number;
  readonly host: string;
  readonly reply: ReplyText;
  port = 0;
  authority = '';
  forwardedTail = '';
  readonly #options: NodeViewOptions;
  readonly #server: Server;
  readonly #router: Router;
  readonly #clients = new Set<ClientConnection>();
  readonly #backends = new Map<string, Backend>();
  readonly #loops = new Map<string, HealthLoop>();
  #check: NodeHealthCheck;
  #closing: Promise<void> | null = null;

  constructor(options: NodeViewOptions, deps: NodeViewDeps) {
    this.#options = options;
    this.#check = options.health;
    this.clock = deps.clock;
    this.connectTimeoutMs = Math.min(deps.connectTimeoutMs, options.idleTimeoutMs);
    this.flavour = options.flavour;
    this.idleTimeoutMs = options.idleTimeoutMs;
    this.preopen = options.preopen;
    this.host = options.host;
    this.reply = replyTexts(options.flavour, () => this.clock.wallTime());
    this.#router = new Router({ ...options, backendMaxRequests: deps.backendMaxRequests });
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket));
  }

  async listen(): Promise<void> {
    const { host, port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port, backlog: 4_096 }, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    // Accepting can fail later (no file descriptors left); the node goes on with the connections it has.
    this.#server.on('error', () => undefined);
    const address = this.#server.address();
    this.port = typeof address === 'object' && address !== null ? address.port : port;
    this.authority = `${host.includes(':') ? `[${host}]` : host}:${this.port}`;
    this.forwardedTail = `\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Port: ${this.port}\r\n\r\n`;
  }

  add({ instanceId, host, port }: BackendAddress): void {
    if (this.#closing !== null) return;
    const known = this.#backends.get(instanceId);
    if (known?.inRotation) return;
    const backend = known ?? new Backend(this, instanceId, host, port);
    known?.rejoin(host, port);
    this.#backends.set(instanceId, backend);
    this.#startLoop(backend);
    this.#router.update(this.#backends.values());
  }

  async remove(instanceId: string, drain: { enabled: boolean; timeoutMs: number }): Promise<void> {
    const backend = this.#backends.get(instanceId);
    if (backend === undefined) return;
    this.#stopLoop(instanceId);
    backend.retire();
    this.#router.update(this.#backends.values());
    await backend.drain(drain.enabled, drain.timeoutMs);
    if (!backend.inRotation && backend.outstanding === 0 && this.#backends.get(instanceId) === backend) {
      this.#backends.delete(instanceId);
    }
  }

  health(instanceId: string): BackendHealth | 'absent' {
    const backend = this.#backends.get(instanceId);
    return backend?.inRotation ? backend.health : 'absent';
  }

  checkFailure(instanceId: string): CheckFailure | null {
    return this.#loops.get(instanceId)?.failure ?? null;
  }

  inFlight(instanceId: string): number {
    return this.#backends.get(instanceId)?.outstanding ?? 0;
  }

  configureHealth(check: NodeHealthCheck): void {
    this.#check = check;
    for (const backend of this.#backends.values()) if (backend.inRotation) this.#startLoop(backend);
  }

  close(): Promise<void> {
    this.#closing ??= new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      for (const instanceId of [...this.#loops.keys()]) this.#stopLoop(instanceId);
      for (const client of [...this.#clients]) client.destroy();
      for (const backend of this.#backends.values()) backend.close();
      this.#backends.clear();
    });
    return this.#closing;
  }

  route(exchange: Exchange): void {
    this.#router.route(exchange);
  }

  forget(exchange: Exchange): void {
    this.#router.forget(exchange);
  }

  clientGone(client: ClientConnection): void {
    this.#clients.delete(client);
  }

  roomMade(): void {
    this.#router.admit();
  }

  undelivered(exchange: Exchange, backend: Backend, why: 'refused' | 'timed-out' | 'cut'): void {
    if (why === 'cut') this.#router.route(exchange);
    else this.#router.retry(exchange, backend, why === 'refused' ? 'connect-failed' : 'connect-timeout');
  }

  #accept(socket: Socket): void {
    this.#clients.add(new ClientConnection(socket, this));
  }

  #startLoop(backend: Backend): void {
    this.#stopLoop(backend.instanceId);
    const check = this.#check;
    const { instanceId, host, port } = backend;
    const userAgent = this.flavour === 'clb' ? 'ELB-HealthChecker/1.0' : 'ELB-HealthChecker/2.0';
    const loop = new HealthLoop({
      clock: this.clock,
      thresholds: check,
      state: backend.health,
      phase: checkPhase(`${this.#options.name} ${instanceId}`),
      startCheck: () => startCheck({ ...check, host, port, userAgent }, this.clock),
      onState: (state) => this.#takeHealth(backend, state),
    });
    this.#loops.set(instanceId, loop);
  }

  #stopLoop(instanceId: string): void {
    this.#loops.get(instanceId)?.stop();
    this.#loops.delete(instanceId);
  }

  #takeHealth(backend: Backend, state: BackendHealth): void {
    backend.health = state;
    if (state === 'healthy') backend.preopen();
    else backend.closeIdle();
    this.#router.update(this.#backends.values());
    this.#options.onHealthChange(backend.instanceId, state);
  }
}
