import type { LabKnobs } from '../knobs.js';
import type { Random } from '../random.js';
import type { Timers } from '../timers.js';
import { type HealthCheckRecord, nodeHealthCheck } from './health-check.js';
import { History } from './history.js';
import { INSTANCE_STATES, type InstancePhase, type InstanceState } from './instance-state.js';
import { type ElbNode, Membership } from './membership.js';
import type { NodeChange } from './node-side.js';
import type { BackendAddress, DrainSettings, NodeHealthCheck } from './node-view-port.js';

/** One listener as the API speaks of it. */
export interface Listener {
  readonly Protocol: string;
  readonly LoadBalancerPort: number;
  readonly InstanceProtocol: string;
  readonly InstancePort: number;
}

/** What never changes after a balancer was created. */
export interface LoadBalancerIdentity {
  readonly name: string;
  readonly dnsName: string;
  readonly hostedZoneId: string;
  readonly scheme: string;
  readonly listeners: readonly Listener[];
  readonly zones: readonly string[];
  readonly subnets: readonly string[];
  readonly securityGroups: readonly string[];
  readonly createdTime: Date;
  /** Rises with every balancer created: pages follow it. */
  readonly sequence: number;
}

/** What ModifyLoadBalancerAttributes changes. `drain` is what nodes get, in milliseconds. */
export interface LoadBalancerAttributes {
  readonly crossZone: boolean;
  readonly drain: DrainSettings;
  readonly idleTimeoutMs: number;
  readonly desyncMode: string;
}

/** An EC2 instance of the lab's account. */
export interface LabInstance {
  readonly instanceId: string;
  readonly zone: string;
  /** Where its application listens now. */
  address(): BackendAddress;
}

/** Something that happened at one node: the lab's ground truth, in milliseconds of its own clock. */
export interface NodeEvent {
  readonly atMs: number;
  readonly node: string;
  readonly instanceId: string;
  readonly change: NodeChange;
}

/** One balancer's parts, given at creation. */
export interface LoadBalancerOptions {
  readonly identity: LoadBalancerIdentity;
  readonly nodes: readonly ElbNode[];
  readonly instances: ReadonlyMap<string, LabInstance>;
  readonly healthCheck: HealthCheckRecord;
  readonly attributes: LoadBalancerAttributes;
  readonly knobs: LabKnobs;
  readonly timers: Timers;
  readonly random: Random;
}

interface Snapshot {
  readonly members: readonly string[];
  readonly listed: ReadonlyMap<string, InstancePhase>;
}

const KEPT_EVENTS = 1_000;

/** One Classic balancer: the API's record and the memberships that carry it to the nodes. */
export class LoadBalancer {
  readonly identity: LoadBalancerIdentity;
  readonly nodes: readonly ElbNode[];
  readonly tags = new Map<string, string>();
  readonly #options: LoadBalancerOptions;
  readonly #memberships: ReadonlyMap<string, Membership>;
  readonly #history = new History<Snapshot>();
  readonly #events: NodeEvent[] = [];
  #healthCheck: HealthCheckRecord;
  #attributes: LoadBalancerAttributes;

  constructor(options: LoadBalancerOptions) {
    this.#options = options;
    this.identity = options.identity;
    this.nodes = options.nodes;
    this.#healthCheck = options.healthCheck;
    this.#attributes = options.attributes;
    this.#memberships = new Map(
      [...options.instances.values()].map((instance) => [instance.instanceId, this.#membershipOf(instance)]),
    );
    this.noteChange();
  }

  get healthCheck(): HealthCheckRecord {
    return this.#healthCheck;
  }

  get attributes(): LoadBalancerAttributes {
    return this.#attributes;
  }

  /** Newest last, at most the last 1,000. */
  get events(): readonly NodeEvent[] {
    return this.#events;
  }

  /** Registers instances of the account; the caller has checked that all are known. */
  register(ids: readonly string[], when: 'with-delays' | 'at-once' = 'with-delays'): void {
    for (const id of ids) this.#memberships.get(id)?.register(when);
    this.noteChange();
  }

  deregister(ids: readonly string[]): void {
    for (const id of ids) this.#memberships.get(id)?.deregister();
    this.noteChange();
  }

  /** Ids now registered by the record itself, never stale: what Register and Deregister answer. */
  members(): readonly string[] {
    return [...this.#memberships].filter(([, membership]) => membership.registered).map(([id]) => id);
  }

  /** Ids registered as Describe calls see it (describeStaleMs ago). */
  describedMembers(): readonly string[] {
    return this.#seen().members;
  }

  /** DescribeInstanceHealth: the given instances, or those registered or still draining. */
  describedHealth(ids: readonly string[] | null): readonly (InstanceState & { readonly InstanceId: string })[] {
    const { listed } = this.#seen();
    return [...(ids ?? listed.keys())].map((id) => ({ InstanceId: id, ...INSTANCE_STATES[listed.get(id) ?? 'gone'] }));
  }

  /** The phase of an instance now. */
  phase(id: string): InstancePhase {
    return this.#memberships.get(id)?.phase() ?? 'gone';
  }

  /** What each node makes of an instance now. */
  nodesOf(id: string): ReturnType<Membership['nodes']> {
    return this.#memberships.get(id)?.nodes() ?? [];
  }

  configureHealthCheck(record: HealthCheckRecord, check?: NodeHealthCheck): void {
    this.#healthCheck = record;
    const forNodes = check ?? nodeHealthCheck(record, this.#options.knobs.initialHealthyChecks);
    for (const node of this.nodes) node.view.configureHealth(forNodes);
  }

  modifyAttributes(changes: Partial<LoadBalancerAttributes>): void {
    this.#attributes = { ...this.#attributes, ...changes };
    for (const membership of this.#memberships.values()) membership.reconcile('with-delays');
    this.noteChange();
  }

  /** Writes down what Describe calls may see from now on; called after anything that can change a phase. */
  noteChange(): void {
    const now = this.#options.timers.now();
    const memberships = [...this.#memberships];
    this.#history.record(now, {
      members: this.members(),
      listed: new Map(memberships.filter(([, m]) => m.listed).map(([id, m]) => [id, m.phase()])),
    });
    this.#history.forgetBefore(now - this.#options.knobs.describeStaleMs);
  }

  /** Stops every message on its way and closes the nodes. */
  async close(): Promise<void> {
    for (const membership of this.#memberships.values()) membership.close();
    await Promise.all(this.nodes.map((node) => node.view.close()));
  }

  #seen(): Snapshot {
    const { timers, knobs } = this.#options;
    // Asked without delay, the nodes' own opinion counts, even before their change was reported.
    if (knobs.describeStaleMs === 0) this.noteChange();
    return this.#history.at(timers.now() - knobs.describeStaleMs) ?? { members: [], listed: new Map() };
  }

  #membershipOf(instance: LabInstance): Membership {
    const { nodes, knobs, timers, random } = this.#options;
    const { zones } = this.identity;
    return new Membership({
      backend: () => instance.address(),
      nodes,
      reaches: (node) => zones.includes(instance.zone) && (this.#attributes.crossZone || node.zone === instance.zone),
      delays: knobs,
      drain: () => this.#attributes.drain,
      timers,
      random: random.fork(`register/${instance.instanceId}`),
      onChange: (node, change) => {
        this.#events.push({ atMs: timers.now(), node: node.name, instanceId: instance.instanceId, change });
        if (this.#events.length > KEPT_EVENTS) this.#events.shift();
        this.noteChange();
      },
    });
  }
}
