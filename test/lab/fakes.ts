import { Account, type LoadBalancerRequest } from '../../src/lab/elb/account.js';
import type { LabInstance } from '../../src/lab/elb/balancer-record.js';
import type { LoadBalancer } from '../../src/lab/elb/load-balancer.js';
import type {
  BackendHealth,
  CheckFailure,
  DrainSettings,
  NodeHealthCheck,
  NodeView,
  NodeViewOptions,
} from '../../src/lab/elb/node-view-port.js';
import { labSettings } from '../../src/lab/presets.js';
import { seededRandom } from '../../src/lab/random.js';
import type { Timers } from '../../src/lab/timers.js';

/** Time that moves only when told, calling back in order; promises settle between two callbacks. */
export class FakeTimers implements Timers {
  #now = 0;
  #sequence = 0;
  #due: { at: number; sequence: number; run: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): () => void {
    const entry = { at: this.#now + Math.max(0, ms), sequence: this.#sequence++, run };
    this.#due.push(entry);
    return () => {
      this.#due = this.#due.filter((each) => each !== entry);
    };
  }

  async advance(ms: number): Promise<void> {
    await settled();
    const until = this.#now + ms;
    for (;;) {
      const next = this.#due.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at || a.sequence - b.sequence)[0];
      if (next === undefined) break;
      this.#due = this.#due.filter((each) => each !== next);
      this.#now = next.at;
      next.run();
      await settled();
    }
    this.#now = until;
    await settled();
  }
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

interface FakeBackend {
  place: 'in' | 'draining';
  health: BackendHealth;
  inFlight: number;
  finish: () => void;
}

/** A node without a network: tests say what is in flight and how health checks end. */
export class FakeNode implements NodeView {
  readonly host = '127.0.0.2';
  readonly port = 8080;
  readonly options: NodeViewOptions;
  readonly calls: string[] = [];
  check: NodeHealthCheck;
  closed = false;
  failure: CheckFailure | null = null;
  readonly #timers: Timers;
  readonly #backends = new Map<string, FakeBackend>();

  constructor(options: NodeViewOptions, timers: Timers) {
    this.options = options;
    this.check = options.health;
    this.#timers = timers;
  }

  add({ instanceId }: { instanceId: string }): void {
    this.calls.push(`add ${instanceId}`);
    const known = this.#backends.get(instanceId);
    if (known?.place === 'in') return;
    known?.finish();
    this.#backends.set(instanceId, {
      place: 'in',
      health: 'initial',
      inFlight: known?.inFlight ?? 0,
      finish: () => {},
    });
  }

  remove(instanceId: string, drain: DrainSettings): Promise<void> {
    this.calls.push(`remove ${instanceId} ${drain.enabled ? drain.timeoutMs : 'off'}`);
    const backend = this.#backends.get(instanceId);
    if (backend === undefined) return Promise.resolve();
    backend.place = 'draining';
    return new Promise((resolve) => {
      const done = (): void => {
        if (this.#backends.get(instanceId) === backend) this.#backends.delete(instanceId);
        resolve();
      };
      const cancel = this.#timers.after(drain.enabled ? drain.timeoutMs : 0, done);
      backend.finish = () => {
        cancel();
        done();
      };
      if (backend.inFlight === 0) backend.finish();
    });
  }

  health(instanceId: string): BackendHealth | 'absent' {
    const backend = this.#backends.get(instanceId);
    return backend?.place === 'in' ? backend.health : 'absent';
  }

  checkFailure(): CheckFailure | null {
    return this.failure;
  }

  inFlight(instanceId: string): number {
    return this.#backends.get(instanceId)?.inFlight ?? 0;
  }

  configureHealth(check: NodeHealthCheck): void {
    this.check = check;
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }

  /** Whether the node knows the instance at all, draining included. */
  holds(instanceId: string): boolean {
    return this.#backends.has(instanceId);
  }

  setHealth(instanceId: string, health: BackendHealth): void {
    const backend = this.#backends.get(instanceId);
    if (backend?.place !== 'in' || backend.health === health) return;
    backend.health = health;
    this.options.onHealthChange(instanceId, health);
  }

  setInFlight(instanceId: string, inFlight: number): void {
    const backend = this.#backends.get(instanceId);
    if (backend === undefined) return;
    backend.inFlight = inFlight;
    if (inFlight === 0 && backend.place === 'draining') backend.finish();
  }
}

/** A lab account on fake nodes and fake time, with one balancer `web` and the instances i-1, i-2, i-3 (zones a, b, a). */
export interface Bench {
  readonly timers: FakeTimers;
  readonly account: Account;
  readonly balancer: LoadBalancer;
  readonly nodes: readonly FakeNode[];
  /** Those of every listener, in the order they started. */
  readonly allNodes: readonly FakeNode[];
}

export async function bench(
  knobs: Readonly<Record<string, unknown>> = {},
  balancer: Partial<LoadBalancerRequest> = {},
  seed = 1,
): Promise<Bench> {
  const timers = new FakeTimers();
  const settings = labSettings('lab-fast', {
    registerPropagationMs: [100, 100],
    deregisterPropagationMs: [300, 300],
    ...knobs,
  });
  const nodes: FakeNode[] = [];
  const instances = ['i-1', 'i-2', 'i-3'].map(
    (instanceId, index): LabInstance => ({
      instanceId,
      zone: ['eu-west-1a', 'eu-west-1b'][index % 2]!,
      address: () => ({ instanceId, host: '127.0.0.1', port: 9000 + index }),
    }),
  );
  const account = new Account({
    region: 'eu-west-1',
    knobs: settings.knobs,
    instances: new Map(instances.map((instance) => [instance.instanceId, instance])),
    startNodes: async (request) => {
      const views = Array.from({ length: request.count }, (_, index) => {
        const { listener: _path, ...shared } = request;
        const options = { ...shared, name: `node-${index + 1}`, host: '', port: 0 };
        return new FakeNode({ ...options, connectRetries: 0, preopen: 0, surgeQueue: 0 }, timers);
      });
      nodes.push(...views);
      return views;
    },
    protocols: new Set(['HTTP', 'HTTPS', 'TCP', 'SSL', 'TLS']),
    timers,
    wallTime: () => new Date(Date.UTC(2026, 0, 2, 3, 4, 5)),
    random: seededRandom(seed),
  });
  const { drainEnabled, drainTimeoutMs, crossZone } = settings.knobs;
  const created = await account.create({
    name: 'web',
    scheme: 'internet-facing',
    listeners: [{ Protocol: 'HTTP', LoadBalancerPort: 0, InstanceProtocol: 'HTTP', InstancePort: 80 }],
    zones: account.zones,
    subnets: [],
    securityGroups: [],
    tags: new Map(),
    attributes: {
      crossZone,
      drain: { enabled: drainEnabled, timeoutMs: drainTimeoutMs },
      idleTimeoutMs: 60_000,
      desyncMode: 'defensive',
    },
    ...balancer,
  });
  return { timers, account, balancer: created!, nodes: nodes.slice(0, settings.knobs.nodes), allNodes: nodes };
}
