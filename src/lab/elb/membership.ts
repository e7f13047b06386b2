import type { KnobRange } from '../knobs.js';
import type { Random } from '../random.js';
import type { Timers } from '../timers.js';
import type { InstancePhase } from './instance-state.js';
import { type NodeChange, NodeSide } from './node-side.js';
import type { BackendAddress, CheckFailure, DrainSettings, NodeView } from './node-view-port.js';

/**
 * One listener on one node as memberships see it. `random` is its own stream: nodes draw their delays independently.
 * `index` says which of the balancer's nodes it is part of, and so its zone.
 */
export interface ElbNode {
  readonly name: string;
  readonly index: number;
  readonly view: NodeView;
  readonly random: Random;
}

/** Views as nodes; `port` tells the nodes of a further listener from the first one's. */
export function nodesOf(views: readonly NodeView[], port: number | null, random: Random): readonly ElbNode[] {
  return views.map((view, index) => {
    const name = port === null ? `node-${index + 1}` : `node-${index + 1}:${port}`;
    return { name, index, view, random: random.fork(name) };
  });
}

/** How long news takes from the API to the nodes. */
export interface PropagationDelays {
  readonly registerDelayMs: KnobRange;
  readonly registerPropagationMs: KnobRange;
  readonly deregisterPropagationMs: KnobRange;
}

/** What one instance's membership needs from outside; functions are read again at each use. */
export interface MembershipOptions {
  readonly backend: () => BackendAddress;
  /** The nodes there are now; listeners come and go. */
  readonly nodes: () => readonly ElbNode[];
  /** Whether this node may route to this instance at all (zones). */
  readonly reaches: (node: ElbNode) => boolean;
  readonly delays: PropagationDelays;
  readonly drain: () => DrainSettings;
  readonly timers: Timers;
  readonly random: Random;
  readonly onChange: (node: ElbNode, change: NodeChange) => void;
}

/** One instance's life with one balancer: the API's record (changes at once) over N nodes (change in their own time). */
export class Membership {
  readonly #options: MembershipOptions;
  readonly #sides = new Map<ElbNode, NodeSide>();
  #registered = false;
  #leavesByDraining = false;

  constructor(options: MembershipOptions) {
    this.#options = options;
  }

  /** The API's own record. */
  get registered(): boolean {
    return this.#registered;
  }

  /** True when DescribeInstanceHealth without ids lists it: registered, or still draining. */
  get listed(): boolean {
    return this.#registered || this.phase() === 'draining';
  }

  /** Registers; `at-once` skips every delay (the fleet the lab starts with). Registered already = nothing happens. */
  register(when: 'with-delays' | 'at-once' = 'with-delays'): void {
    if (this.#registered) return;
    this.#registered = true;
    this.reconcile(when);
  }

  /** Deregisters; not registered = nothing happens. */
  deregister(): void {
    if (!this.#registered) return;
    this.#registered = false;
    this.#leavesByDraining = this.#options.drain().enabled;
    this.reconcile('with-delays');
  }

  /** Brings every node towards what the record and the zones now say. */
  reconcile(when: 'with-delays' | 'at-once'): void {
    const { delays, random, reaches } = this.#options;
    // One draw for the control plane, shared by all nodes; then each node's own way.
    let controlPlaneMs: number | null = null;
    for (const [node, side] of this.#currentSides()) {
      const wanted = this.#registered && reaches(node);
      if (wanted === side.wanted) continue;
      if (!wanted) {
        side.wantOut(node.random.between(delays.deregisterPropagationMs), this.#options.drain());
      } else if (when === 'at-once') {
        side.wantIn(null);
      } else {
        controlPlaneMs ??= random.between(delays.registerDelayMs);
        side.wantIn(controlPlaneMs + node.random.between(delays.registerPropagationMs));
      }
    }
  }

  /** The phase over all nodes: in service only when every node that should route to it does and finds it healthy. */
  phase(): InstancePhase {
    const sides = [...this.#currentSides()];
    if (!this.#registered) {
      const leaving = this.#leavesByDraining && sides.some(([, side]) => side.occupied);
      return leaving ? 'draining' : 'gone';
    }
    const wanted = sides.filter(([, side]) => side.wanted);
    if (wanted.length === 0) return 'zone-off';
    if (wanted.some(([, side]) => !side.settled)) return 'registering';
    const instanceId = this.#options.backend().instanceId;
    const healths = wanted.map(([node]) => node.view.health(instanceId));
    if (healths.every((health) => health === 'healthy')) return 'in-service';
    return healths.includes('unhealthy') ? 'unhealthy' : 'initial';
  }

  /** Per node: whether it still routes to the instance or finishes its requests, and its opinion of it. */
  nodes(): readonly {
    readonly node: string;
    readonly routed: boolean;
    readonly health: string;
    readonly inFlight: number;
  }[] {
    const instanceId = this.#options.backend().instanceId;
    return [...this.#currentSides()].map(([node, side]) => ({
      node: node.name,
      routed: side.occupied,
      health: node.view.health(instanceId),
      inFlight: node.view.inFlight(instanceId),
    }));
  }

  /** What the latest failed check of any node that should route to it showed. */
  checkFailures(): readonly CheckFailure[] {
    const instanceId = this.#options.backend().instanceId;
    return [...this.#currentSides()]
      .filter(([node, side]) => side.wanted && node.view.health(instanceId) === 'unhealthy')
      .map(([node]) => node.view.checkFailure(instanceId))
      .filter((failure) => failure !== null);
  }

  /** Where the control plane last wanted it, anywhere at all. */
  get wantedSomewhere(): boolean {
    return [...this.#sides.values()].some((side) => side.wanted);
  }

  /** True while a node still routes to it or finishes its requests. */
  get occupied(): boolean {
    return [...this.#sides.values()].some((side) => side.occupied);
  }

  close(): void {
    for (const side of this.#sides.values()) side.close();
  }

  /** One side per node there is; those of nodes that are gone are forgotten. */
  #currentSides(): ReadonlyMap<ElbNode, NodeSide> {
    const { nodes, backend, timers, onChange } = this.#options;
    const current = nodes();
    for (const [node, side] of this.#sides) {
      if (current.includes(node)) continue;
      side.close();
      this.#sides.delete(node);
    }
    for (const node of current) {
      if (this.#sides.has(node)) continue;
      const side = new NodeSide({ view: node.view, backend, timers, onChange: (change) => onChange(node, change) });
      this.#sides.set(node, side);
    }
    return this.#sides;
  }
}
