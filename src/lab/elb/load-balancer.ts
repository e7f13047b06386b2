import type { LabKnobs } from '../knobs.js';
import type { Random } from '../random.js';
import type { Timers } from '../timers.js';
import type {
  LabInstance,
  Listener,
  LoadBalancerAttributes,
  LoadBalancerIdentity,
  NodeEvent,
  Placement,
  Policy,
} from './balancer-record.js';
import { type HealthCheckRecord, nodeHealthCheck } from './health-check.js';
import { History } from './history.js';
import { INSTANCE_STATES, type InstancePhase, type InstanceState } from './instance-state.js';
import { type ElbNode, Membership } from './membership.js';
import type { BackendHealth, NodeHealthCheck } from './node-view-port.js';

/** A listener in force: its record, the nodes that carry it, the names of its policies. */
interface ActiveListener {
  record: Listener;
  nodes: readonly ElbNode[];
  policyNames: readonly string[];
}

/** One balancer's parts, given at creation. */
export interface LoadBalancerOptions {
  readonly identity: LoadBalancerIdentity;
  readonly placement: Placement;
  /** Starts the nodes of one more listener; rejects when its address cannot be had. */
  readonly startNodes: (
    listener: Listener,
    health: NodeHealthCheck,
    onHealthChange: (id: string, state: BackendHealth) => void,
  ) => Promise<readonly ElbNode[]>;
  readonly instances: ReadonlyMap<string, LabInstance>;
  readonly healthCheck: HealthCheckRecord;
  /** What the nodes do for `healthCheck`. */
  readonly nodeCheck: NodeHealthCheck;
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
  readonly tags = new Map<string, string>();
  readonly policies = new Map<string, Policy>();
  /** Policies of the back end, by instance port. */
  readonly backendPolicies = new Map<number, readonly string[]>();
  readonly #options: LoadBalancerOptions;
  readonly #memberships: ReadonlyMap<string, Membership>;
  readonly #history = new History<Snapshot>();
  readonly #events: NodeEvent[] = [];
  readonly #registeredAtMs = new Map<string, number>();
  readonly #listeners = new Map<number, ActiveListener>();
  readonly #starting = new Set<number>();
  #closed = false;
  #placement: Placement;
  #nodeCheck: NodeHealthCheck;
  #healthCheck: HealthCheckRecord;
  #attributes: LoadBalancerAttributes;

  constructor(options: LoadBalancerOptions) {
    this.#options = options;
    this.identity = options.identity;
    this.#placement = options.placement;
    this.#healthCheck = options.healthCheck;
    this.#nodeCheck = options.nodeCheck;
    this.#attributes = options.attributes;
    this.#memberships = new Map(
      [...options.instances.values()].map((instance) => [instance.instanceId, this.#membershipOf(instance)]),
    );
    this.noteChange();
  }

  /** Every node of every listener, in the order the listeners came. */
  get nodes(): readonly ElbNode[] {
    return [...this.#listeners.values()].flatMap(({ nodes }) => nodes);
  }

  get listeners(): readonly Readonly<ActiveListener>[] {
    return [...this.#listeners.values()];
  }

  get placement(): Placement {
    return this.#placement;
  }

  /** The zone a node stands in: nodes take the balancer's zones in turn. */
  zoneOf(node: ElbNode): string {
    const { zones } = this.#placement;
    return zones[node.index % zones.length] ?? '';
  }

  /** Starts a listener's nodes and sends them every member; a port of 0 becomes the one the nodes got. */
  async addListener(listener: Listener): Promise<void> {
    this.#starting.add(listener.LoadBalancerPort);
    let nodes: readonly ElbNode[];
    try {
      nodes = await this.#options.startNodes(listener, this.#nodeCheck, () => this.noteChange());
    } finally {
      this.#starting.delete(listener.LoadBalancerPort);
    }
    if (this.#closed) {
      await Promise.all(nodes.map((node) => node.view.close()));
      return;
    }
    const port = listener.LoadBalancerPort || (nodes[0]?.view.port ?? 0);
    this.#listeners.set(port, { record: { ...listener, LoadBalancerPort: port }, nodes, policyNames: [] });
    // The check may have been changed while the nodes started.
    for (const node of nodes) node.view.configureHealth(this.#nodeCheck);
    this.#reconcile();
  }

  /** The listener at a port; `starting` while its nodes are. */
  listenerAt(port: number): Listener | 'starting' | undefined {
    return this.#starting.has(port) ? 'starting' : this.#listeners.get(port)?.record;
  }

  /** Names another certificate for a listener that exists; the lab's nodes go on with theirs. */
  setCertificate(port: number, SSLCertificateId: string): void {
    const listener = this.#listeners.get(port);
    if (listener !== undefined) listener.record = { ...listener.record, SSLCertificateId };
  }

  /** Closes a listener and every connection of it; none at that port is no error. */
  async removeListener(port: number): Promise<void> {
    const listener = this.#listeners.get(port);
    if (listener === undefined) return;
    this.#listeners.delete(port);
    this.#reconcile();
    await Promise.all(listener.nodes.map((node) => node.view.close()));
  }

  /** Changes the policies' names of a listener that exists. */
  setPolicies(port: number, policyNames: readonly string[]): void {
    const listener = this.#listeners.get(port);
    if (listener !== undefined) listener.policyNames = policyNames;
  }

  /** Changes where the balancer stands; instances of a zone taken away leave the nodes. */
  place(changes: Partial<Placement>): void {
    this.#placement = { ...this.#placement, ...changes };
    this.#reconcile();
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
    for (const id of ids) {
      const membership = this.#memberships.get(id);
      if (membership?.registered === false && when === 'with-delays') {
        this.#registeredAtMs.set(id, this.#options.timers.now());
      }
      membership?.register(when);
    }
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

  /** True while Describe calls do not know an instance yet that was registered a moment ago (invalidInstanceForMs). */
  unknownYet(id: string): boolean {
    const { timers, knobs } = this.#options;
    const at = this.#registeredAtMs.get(id);
    return at !== undefined && timers.now() < at + knobs.invalidInstanceForMs;
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
    this.#nodeCheck = check ?? nodeHealthCheck(record, this.#options.knobs.initialHealthyChecks);
    for (const node of this.nodes) node.view.configureHealth(this.#nodeCheck);
  }

  modifyAttributes(changes: Partial<LoadBalancerAttributes>): void {
    this.#attributes = { ...this.#attributes, ...changes };
    this.#reconcile();
  }

  /** Writes down what Describe calls may see from now on; called after anything that can change a phase. */
  noteChange(): void {
    const now = this.#options.timers.now();
    this.#history.record(now, this.#snapshot());
    this.#history.forgetBefore(now - this.#options.knobs.describeStaleMs);
  }

  /** Describe calls, however stale, see nothing older than now: a lab is born with its fleet in service. */
  forgetPast(): void {
    this.#history.beginWith(this.#options.timers.now(), this.#snapshot());
  }

  /** Stops every message on its way and closes the nodes. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const membership of this.#memberships.values()) membership.close();
    await Promise.all(this.nodes.map((node) => node.view.close()));
  }

  #reconcile(): void {
    for (const membership of this.#memberships.values()) membership.reconcile('with-delays');
    this.noteChange();
  }

  #snapshot(): Snapshot {
    const memberships = [...this.#memberships];
    return {
      members: this.members(),
      listed: new Map(memberships.filter(([, m]) => m.listed).map(([id, m]) => [id, m.phase()])),
    };
  }

  #seen(): Snapshot {
    const { timers, knobs } = this.#options;
    // Asked without delay, the nodes' own opinion counts, even before their change was reported.
    if (knobs.describeStaleMs === 0) this.noteChange();
    return this.#history.at(timers.now() - knobs.describeStaleMs) ?? { members: [], listed: new Map() };
  }

  #membershipOf(instance: LabInstance): Membership {
    const { knobs, timers, random } = this.#options;
    return new Membership({
      backend: () => instance.address(),
      nodes: () => this.nodes,
      reaches: (node) =>
        this.#placement.zones.includes(instance.zone) &&
        (this.#attributes.crossZone || this.zoneOf(node) === instance.zone),
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
