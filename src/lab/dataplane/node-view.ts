import { type EntryHost, FlowEntry } from './access-entry.js';
import { type AccessFacts, albLine, classicLine } from './access-line.js';
import { type AccessLog, fileAccessLog } from './access-log.js';
import { Backend, type BackendHealth, type BackendHost } from './backend.js';
import { ClientConnection } from './client-connection.js';
import type { ClientHost } from './client-host.js';
import type { Routed } from './exchange.js';
import { type CheckFailure, startCheck } from './health-check.js';
import { checkPhase, HealthLoop } from './health-loop.js';
import { type Accepted, type Listener, startListener } from './listener.js';
import { type NodeClock, type NodeTimer, systemClock } from './node-clock.js';
import type { BackendAddress, NodeHealthCheck, NodeView, NodeViewOptions } from './node-options.js';
import { type ReplyText, replyTexts } from './replies.js';
import { Router } from './router.js';
import { type FlowHost, TcpFlow } from './tcp-flow.js';

export type { BackendHealth } from './backend.js';
export type { BackendAddress, NodeHealthCheck, NodeView, NodeViewOptions } from './node-options.js';

/** What a node does not get from its options; tests override it. */
export interface NodeViewDeps {
  readonly clock: NodeClock;
  readonly connectTimeoutMs: number;
}

const DEFAULT_DEPS: NodeViewDeps = { clock: systemClock, connectTimeoutMs: 10_000 };
const DEFAULT_BACKEND_CONNS = 2_048;

/** Starts a node in this thread; rejects when its address cannot be listened on. */
export function startNodeView(options: NodeViewOptions, deps: Partial<NodeViewDeps> = {}): Promise<NodeView> {
  return startLocalNodeView(options, deps);
}

/** The same, for the thread that shows the node to another one. */
export async function startLocalNodeView(
  options: NodeViewOptions,
  deps: Partial<NodeViewDeps> = {},
): Promise<LocalNodeView> {
  const view = new LocalNodeView(options, { ...DEFAULT_DEPS, ...deps });
  await view.listen();
  return view;
}

/** A node in this thread. */
export class LocalNodeView implements NodeView, ClientHost, FlowHost, BackendHost {
  readonly clock: NodeClock;
  readonly flavour: NodeViewOptions['flavour'];
  readonly idleTimeoutMs: number;
  readonly preopen: number;
  readonly connectTimeoutMs: number;
  readonly drainEnd: BackendHost['drainEnd'];
  readonly closeNoticeMs: number;
  readonly drainKeepsIdle: boolean;
  readonly flowsEndByReset: boolean;
  readonly host: string;
  readonly reply: ReplyText;
  port = 0;
  authority = '';
  forwardedTail = '';
  entries: EntryHost | null = null;
  readonly #options: NodeViewOptions;
  readonly #router: Router;
  readonly #clients = new Set<ClientConnection>();
  readonly #flows = new Set<TcpFlow>();
  readonly #backends = new Map<string, Backend>();
  readonly #loops = new Map<string, HealthLoop>();
  #listener: Listener | null = null;
  #leaving: NodeTimer | null = null;
  #log: AccessLog | null = null;
  #check: NodeHealthCheck;
  #closing: Promise<void> | null = null;

  constructor(options: NodeViewOptions, deps: NodeViewDeps) {
    const { flavour, faults, connectionTermination, connectRetries, surgeQueue } = options;
    const nlb = flavour === 'nlb';
    this.#options = options;
    this.#check = options.health;
    this.clock = deps.clock;
    this.connectTimeoutMs = Math.min(deps.connectTimeoutMs, options.idleTimeoutMs);
    this.flavour = flavour;
    this.idleTimeoutMs = options.idleTimeoutMs;
    this.preopen = this.#carriesFlows ? 0 : options.preopen;
    this.drainEnd = {
      cuts: !nlb || connectionTermination === true,
      resets: nlb || faults?.rstAtDrainEnd === true,
      never: faults?.drainNeverEnds === true,
    };
    this.closeNoticeMs = faults?.closeNoticeMs ?? 0;
    this.drainKeepsIdle = faults?.drainKeepsIdle === true;
    this.flowsEndByReset = nlb;
    this.host = options.host;
    this.reply = replyTexts(flavour, () => this.clock.wallTime());
    this.#router = new Router({
      choice: nlb ? 'flow-hash' : flavour === 'clb' && !this.#carriesFlows ? 'least-outstanding' : 'round-robin',
      failOpen: flavour !== 'clb',
      connectRetries,
      surgeQueue,
      backendMaxConns: options.backendMaxConns ?? DEFAULT_BACKEND_CONNS,
    });
  }

  async listen(): Promise<void> {
    const { host, port, listener = 'http', certificate, accessLog } = this.#options;
    const secure = listener === 'https' || listener === 'ssl';
    if (secure && certificate === undefined) throw new Error(`a listener for ${listener} needs a certificate`);
    this.#listener = await startListener({
      host,
      port,
      certificate: secure ? certificate! : null,
      handshakeTimeoutMs: this.connectTimeoutMs,
      clock: this.clock,
      onConnection: (accepted) => this.#accept(accepted),
    });
    this.port = this.#listener.port;
    this.authority = `${host.includes(':') ? `[${host}]` : host}:${this.port}`;
    this.forwardedTail = `\r\nX-Forwarded-Proto: ${secure ? 'https' : 'http'}\r\nX-Forwarded-Port: ${this.port}\r\n\r\n`;
    const { leavesMs = 0 } = this.#options.faults ?? {};
    if (leavesMs > 0) this.#leaving = this.clock.after(leavesMs, () => void this.#listener?.close());
    if (accessLog !== undefined && this.flavour !== 'nlb') this.#openLog(accessLog, listener);
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

  /** The number of requests outstanding in shared memory; null = no such backend. */
  inFlightCell(instanceId: string): Int32Array | null {
    return this.#backends.get(instanceId)?.outstandingCell ?? null;
  }

  configureHealth(check: NodeHealthCheck): void {
    this.#check = check;
    for (const backend of this.#backends.values()) if (backend.inRotation) this.#startLoop(backend);
  }

  close(): Promise<void> {
    this.#closing ??= new Promise<void>((resolve) => {
      this.#leaving?.cancel();
      const listening = this.#listener?.close();
      for (const instanceId of [...this.#loops.keys()]) this.#stopLoop(instanceId);
      for (const client of [...this.#clients]) client.destroy();
      for (const flow of [...this.#flows]) flow.cut(false);
      for (const backend of this.#backends.values()) backend.close();
      this.#backends.clear();
      void Promise.all([listening, this.#log?.close()]).then(() => resolve());
    });
    return this.#closing;
  }

  route(routed: Routed): void {
    this.#router.route(routed);
  }

  forget(routed: Routed): void {
    this.#router.forget(routed);
  }

  clientGone(client: ClientConnection): void {
    this.#clients.delete(client);
  }

  flowGone(flow: TcpFlow): void {
    this.#flows.delete(flow);
  }

  roomMade(): void {
    this.#router.admit();
  }

  undelivered(routed: Routed, backend: Backend, why: 'refused' | 'timed-out' | 'cut'): void {
    if (why === 'cut') this.#router.route(routed);
    else this.#router.retry(routed, backend, why === 'refused' ? 'connect-failed' : 'connect-timeout');
  }

  get #carriesFlows(): boolean {
    const { flavour, listener } = this.#options;
    return flavour === 'nlb' || listener === 'tcp' || listener === 'ssl';
  }

  #accept(accepted: Accepted): void {
    if (!this.#carriesFlows) this.#clients.add(new ClientConnection(accepted, this));
    else {
      const entry = this.entries === null ? null : new FlowEntry(this.entries, accepted);
      const flow = new TcpFlow(accepted, this, entry);
      if (!flow.over) this.#flows.add(flow);
    }
  }

  #openLog({ file, balancer }: { file: string; balancer: string }, listener: AccessFacts['listener']): void {
    const { onFault } = this.#options;
    const log = fileAccessLog(file, this.clock, (cause) => onFault?.(cause));
    const line = this.flavour === 'alb' ? albLine : classicLine;
    this.#log = log;
    this.entries = {
      clock: this.clock,
      balancer,
      listener,
      authority: this.authority,
      clientLeftStatus: this.flavour === 'alb' ? 460 : null,
      write: (facts) => log.append(line(facts)),
    };
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
      flap: this.#options.faults?.healthFlap === true && backend.health === 'initial',
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
    else {
      backend.closeIdle();
      if (this.flavour === 'nlb' && state === 'unhealthy') backend.resetFlows();
    }
    this.#router.update(this.#backends.values());
    this.#options.onHealthChange(backend.instanceId, state);
  }
}
