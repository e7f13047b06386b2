import type { LabKnobs } from '../knobs.js';
import type { Random } from '../random.js';
import type { Timers } from '../timers.js';
import { type LabInstance, type Listener, type LoadBalancerAttributes, listenerPath } from './balancer-record.js';
import type { HealthCheckRecord } from './health-check.js';
import { defaultHealthCheck, nodeHealthCheck } from './health-check.js';
import { LoadBalancer } from './load-balancer.js';
import { nodesOf } from './membership.js';
import type {
  BackendHealth,
  ListenerPath,
  ListenerProtocol,
  NodeHealthCheck,
  NodeView,
  NodeViewOptions,
} from './node-view-port.js';
import { V2Account } from './v2/v2-account.js';
import { zonesOf } from './zones.js';

/** What the nodes of one listener are started with; the group picks their addresses. */
export interface NodeGroupRequest {
  readonly name: string;
  readonly flavour: NodeViewOptions['flavour'];
  readonly listener: ListenerPath;
  readonly count: number;
  readonly health: NodeHealthCheck;
  readonly idleTimeoutMs: number;
  onHealthChange(instanceId: string, state: BackendHealth): void;
}

/** A lab account's surroundings. */
export interface AccountOptions {
  readonly region: string;
  readonly knobs: LabKnobs;
  readonly instances: ReadonlyMap<string, LabInstance>;
  readonly startNodes: (request: NodeGroupRequest) => Promise<readonly NodeView[]>;
  /** What the data plane can speak; a listener of another protocol is refused. */
  readonly protocols: ReadonlySet<ListenerProtocol>;
  readonly timers: Timers;
  readonly wallTime: () => Date;
  readonly random: Random;
}

/** What CreateLoadBalancer was asked for, or what the lab asks for itself. */
export interface LoadBalancerRequest {
  readonly name: string;
  readonly scheme: string;
  readonly listeners: readonly [Listener, ...Listener[]];
  readonly zones: readonly string[];
  readonly subnets: readonly string[];
  readonly securityGroups: readonly string[];
  readonly tags: ReadonlyMap<string, string>;
  /** The lab's own balancer brings its check and attributes; one made through the API gets AWS's defaults. */
  readonly healthCheck?: { readonly record: HealthCheckRecord; readonly check: NodeHealthCheck };
  readonly attributes?: LoadBalancerAttributes;
}

/** AWS's defaults for a balancer made through the API: no draining, no cross-zone, 60 s idle. */
export const API_ATTRIBUTES: LoadBalancerAttributes = {
  crossZone: false,
  drain: { enabled: false, timeoutMs: 300_000 },
  idleTimeoutMs: 60_000,
  desyncMode: 'defensive',
};

/** The balancers and instances of one lab, in one region. */
export class Account {
  readonly options: AccountOptions;
  readonly #balancers = new Map<string, { readonly request: string; readonly balancer: Promise<LoadBalancer> }>();
  readonly #ready = new Map<string, LoadBalancer>();
  /** The Application and Network Load Balancers. */
  readonly v2: V2Account;
  #sequence = 0;

  constructor(options: AccountOptions) {
    this.options = options;
    this.v2 = new V2Account(options);
  }

  /** The region's Availability Zones: one per node the lab runs, or one for all. */
  get zones(): readonly string[] {
    const { nodes, azPerNode } = this.options.knobs;
    return zonesOf(this.options.region, azPerNode ? nodes : 1);
  }

  get instances(): ReadonlyMap<string, LabInstance> {
    return this.options.instances;
  }

  find(name: string): LoadBalancer | undefined {
    return this.#ready.get(name);
  }

  /** All balancers, oldest first. */
  all(): readonly LoadBalancer[] {
    return [...this.#ready.values()].sort((a, b) => a.identity.sequence - b.identity.sequence);
  }

  /** Creates a balancer with its own nodes; the same request again gives the same one, another one of that name `null`. */
  async create(request: LoadBalancerRequest): Promise<LoadBalancer | null> {
    const fingerprint = JSON.stringify({ ...request, tags: [...request.tags] });
    const known = this.#balancers.get(request.name);
    if (known !== undefined) return known.request === fingerprint ? known.balancer : null;
    const balancer = this.#start(request);
    const entry = { request: fingerprint, balancer };
    this.#balancers.set(request.name, entry);
    try {
      const started = await balancer;
      // Deleted while its nodes were starting: it must not come back.
      if (this.#balancers.get(request.name) === entry) this.#ready.set(request.name, started);
      return started;
    } catch (cause) {
      if (this.#balancers.get(request.name) === entry) this.#balancers.delete(request.name);
      throw cause;
    }
  }

  /** Deletes a balancer and closes its nodes; a missing one is no error. */
  async delete(name: string): Promise<void> {
    const entry = this.#balancers.get(name);
    if (entry === undefined) return;
    this.#balancers.delete(name);
    this.#ready.delete(name);
    await (await entry.balancer).close();
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.v2.close(), ...[...this.#balancers.keys()].map((name) => this.delete(name))]);
  }

  async #start(request: LoadBalancerRequest): Promise<LoadBalancer> {
    const { knobs, timers, instances, random: accountRandom, region } = this.options;
    const random = accountRandom.fork(`balancer/${request.name}`);
    const attributes = request.attributes ?? API_ATTRIBUTES;
    const record = request.healthCheck?.record ?? defaultHealthCheck(request.listeners[0].InstancePort);
    const nodeCheck = request.healthCheck?.check ?? nodeHealthCheck(record, knobs.initialHealthyChecks);
    const balancer = new LoadBalancer({
      identity: {
        name: request.name,
        dnsName: `${request.name}-${random.fork('dns').hex(8)}.${region}.elb.amazonaws.com.lab.invalid`.toLowerCase(),
        hostedZoneId: `Z${random.fork('hosted-zone').hex(13).toUpperCase()}`,
        scheme: request.scheme,
        createdTime: this.options.wallTime(),
        sequence: ++this.#sequence,
      },
      placement: { zones: request.zones, subnets: request.subnets, securityGroups: request.securityGroups },
      startNodes: async (listener, health, onHealthChange) => {
        const group = { name: request.name, flavour: 'clb' as const, listener: listenerPath(listener) };
        const { idleTimeoutMs } = attributes;
        const views = await this.options.startNodes({
          ...group,
          count: knobs.nodes,
          health,
          idleTimeoutMs,
          onHealthChange,
        });
        return nodesOf(views, listener === request.listeners[0] ? null : listener.LoadBalancerPort, random);
      },
      instances,
      healthCheck: record,
      nodeCheck,
      attributes,
      knobs,
      timers,
      random,
    });
    try {
      for (const listener of request.listeners) await balancer.addListener(listener);
    } catch (cause) {
      await balancer.close();
      throw cause;
    }
    for (const [key, value] of request.tags) balancer.tags.set(key, value);
    return balancer;
  }
}
