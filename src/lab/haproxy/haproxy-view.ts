import type { BackendHealth } from '../dataplane/backend.js';
import { type CheckFailure, startCheck } from '../dataplane/health-check.js';
import { checkPhase, HealthLoop } from '../dataplane/health-loop.js';
import type { NodeClock, NodeTimer } from '../dataplane/node-clock.js';
import type { BackendAddress, NodeHealthCheck, NodeView, NodeViewOptions } from '../dataplane/node-options.js';
import { slotName } from './config.js';
import type { RuntimeApi, ServerState } from './runtime-api.js';

/** How often HAProxy is asked for the requests in flight: always, and while somebody waits for the last one. */
const WATCH_MS = 200;
const DRAIN_WATCH_MS = 20;

/** The process behind a view. */
export interface HaproxyProcess {
  readonly pid: number;
  readonly host: string;
  readonly port: number;
  readonly api: RuntimeApi;
  stop(): Promise<void>;
}

/** What a view does not get from its options. */
export interface HaproxyViewDeps {
  readonly clock: NodeClock;
  readonly slots: number;
  /** HAProxy did not do as told: what it routes is unknown from here on. */
  readonly onFatal: (cause: unknown) => void;
}

interface Target extends BackendAddress {
  readonly slot: string;
  /** What the checks say. */
  checked: BackendHealth;
  /** The same once HAProxy acts on it: nobody is told that a target is healthy before requests can reach it. */
  health: BackendHealth;
  inRotation: boolean;
  /** Rises with every coming and going, so that an older drain knows it no longer speaks for the target. */
  stay: number;
  outstanding: number;
  /** What HAProxy was last told. */
  told: ServerState;
  loop: HealthLoop | null;
}

/**
 * A node whose traffic HAProxy carries. Who is in rotation and who is healthy is decided here, by the same health loop
 * as in the lab's own data plane; HAProxy is only told whom to send requests to.
 */
export class HaproxyView implements NodeView {
  readonly host: string;
  readonly port: number;
  readonly pid: number;
  readonly #options: NodeViewOptions;
  readonly #haproxy: HaproxyProcess;
  readonly #deps: HaproxyViewDeps;
  readonly #targets = new Map<string, Target>();
  #check: NodeHealthCheck;
  #watch: NodeTimer | null = null;
  #closing: Promise<void> | null = null;

  constructor(options: NodeViewOptions, haproxy: HaproxyProcess, deps: HaproxyViewDeps) {
    this.host = haproxy.host;
    this.port = haproxy.port;
    this.pid = haproxy.pid;
    this.#options = options;
    this.#haproxy = haproxy;
    this.#deps = deps;
    this.#check = options.health;
    this.#watchLater();
  }

  add(backend: BackendAddress): void {
    const known = this.#targets.get(backend.instanceId);
    if (this.#closing !== null || known?.inRotation) return;
    const target = known ?? this.#newTarget(backend);
    Object.assign(target, backend);
    target.inRotation = true;
    target.checked = 'initial';
    target.health = 'initial';
    target.stay++;
    this.#told(this.#haproxy.api.setAddress(target.slot, backend.host, backend.port));
    // Requests of an earlier stay that are still under way go on; new ones come once it is healthy.
    this.#tell(target, 'drain');
    this.#startLoop(target);
    this.#route();
  }

  async remove(instanceId: string, drain: { enabled: boolean; timeoutMs: number }): Promise<void> {
    const target = this.#targets.get(instanceId);
    if (target === undefined || this.#closing !== null) return;
    target.loop?.stop();
    target.loop = null;
    target.inRotation = false;
    const stay = ++target.stay;
    const waits = drain.enabled && drain.timeoutMs > 0;
    if (waits) this.#tell(target, 'drain');
    this.#route();
    try {
      if (waits) await this.#drained(target, stay, drain.timeoutMs);
      if (target.stay !== stay) return;
      target.told = 'maint';
      await this.#haproxy.api.cut(target.slot);
    } catch (cause) {
      this.#fault(cause);
    }
    if (target.stay === stay) this.#targets.delete(instanceId);
  }

  health(instanceId: string): BackendHealth | 'absent' {
    const target = this.#targets.get(instanceId);
    return target?.inRotation ? target.health : 'absent';
  }

  checkFailure(instanceId: string): CheckFailure | null {
    return this.#targets.get(instanceId)?.loop?.failure ?? null;
  }

  /** As of the last look, 0.2 s ago at most. */
  inFlight(instanceId: string): number {
    return this.#targets.get(instanceId)?.outstanding ?? 0;
  }

  configureHealth(check: NodeHealthCheck): void {
    this.#check = check;
    for (const target of this.#targets.values()) if (target.inRotation) this.#startLoop(target);
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    this.#watch?.cancel();
    for (const target of this.#targets.values()) {
      target.loop?.stop();
      target.stay++;
    }
    this.#targets.clear();
    await this.#haproxy.stop();
  }

  #newTarget(backend: BackendAddress): Target {
    const taken = new Set([...this.#targets.values()].map(({ slot }) => slot));
    const slot = Array.from({ length: this.#deps.slots }, (_, index) => slotName(index)).find((s) => !taken.has(s));
    if (slot === undefined) throw new Error(`HAProxy was started for ${this.#deps.slots} targets, and all are taken`);
    const target: Target = {
      ...backend,
      slot,
      checked: 'initial',
      health: 'initial',
      inRotation: false,
      stay: 0,
      outstanding: 0,
      told: 'maint',
      loop: null,
    };
    this.#targets.set(backend.instanceId, target);
    return target;
  }

  /** Until the last request ended, the time is up, or the target was added again; for ever when a knob says so. */
  async #drained(target: Target, stay: number, timeoutMs: number): Promise<void> {
    const { clock } = this.#deps;
    const endless = this.#options.faults?.drainNeverEnds === true;
    const endMs = clock.now() + timeoutMs;
    for (;;) {
      await this.#look();
      if (target.stay !== stay) return;
      const leftMs = endMs - clock.now();
      if (!endless && (target.outstanding === 0 || leftMs <= 0)) return;
      const waitMs = endless ? WATCH_MS : Math.min(DRAIN_WATCH_MS, leftMs);
      await new Promise<void>((resolve) => void clock.after(waitMs, resolve));
    }
  }

  async #look(): Promise<void> {
    const counts = await this.#haproxy.api.outstanding();
    for (const target of this.#targets.values()) target.outstanding = counts.get(target.slot) ?? 0;
  }

  #watchLater(): void {
    this.#watch = this.#deps.clock.after(WATCH_MS, () => {
      const looked = this.#targets.size === 0 ? Promise.resolve() : this.#look();
      looked.then(
        () => {
          if (this.#closing === null) this.#watchLater();
        },
        (cause: unknown) => this.#fault(cause),
      );
    });
  }

  #startLoop(target: Target): void {
    target.loop?.stop();
    const { clock } = this.#deps;
    const { name, flavour, faults } = this.#options;
    const check = this.#check;
    const { instanceId, host, port, stay } = target;
    const userAgent = flavour === 'clb' ? 'ELB-HealthChecker/1.0' : 'ELB-HealthChecker/2.0';
    target.loop = new HealthLoop({
      clock,
      thresholds: check,
      state: target.checked,
      phase: checkPhase(`${name} ${instanceId}`),
      flap: faults?.healthFlap === true && target.checked === 'initial',
      startCheck: () => startCheck({ ...check, host, port, userAgent }, clock),
      onState: (health) => {
        if (target.stay !== stay) return;
        target.checked = health;
        this.#route();
        void this.#haproxy.api.caughtUp().then(() => {
          if (target.stay !== stay) return;
          target.health = health;
          this.#options.onHealthChange(instanceId, health);
        });
      },
    });
  }

  /** Tells HAProxy whom to send requests to: the healthy ones; with none, an Application balancer sends to all. */
  #route(): void {
    const inRotation = [...this.#targets.values()].filter((target) => target.inRotation);
    const failsOpen = this.#options.flavour !== 'clb' && inRotation.every(({ checked }) => checked !== 'healthy');
    for (const target of inRotation) this.#tell(target, failsOpen || target.checked === 'healthy' ? 'ready' : 'drain');
  }

  #tell(target: Target, state: ServerState): void {
    if (target.told === state) return;
    target.told = state;
    this.#told(this.#haproxy.api.setState(target.slot, state));
  }

  #told(done: Promise<void>): void {
    done.catch((cause: unknown) => this.#fault(cause));
  }

  #fault(cause: unknown): void {
    if (this.#closing === null) this.#deps.onFatal(cause);
  }
}
