import type { AccountOptions } from '../account.js';
import type { NodeEvent } from '../balancer-record.js';
import { History } from '../history.js';
import { type ElbNode, Membership } from '../membership.js';
import type { DrainSettings, NodeHealthCheck } from '../node-view-port.js';
import { CONNECTION_TERMINATION, DEREGISTRATION_DELAY, groupAttributes } from './attributes.js';
import { type V2HealthCheck, type V2Type, v2NodeCheck } from './health-check.js';
import { type TargetHealth, type TargetPhase, targetHealthOf } from './target-health.js';

/** What never changes after a target group was created. */
export interface GroupIdentity {
  readonly arn: string;
  readonly name: string;
  readonly type: V2Type;
  readonly protocol: 'HTTP' | 'HTTPS' | 'TCP' | 'TLS';
  readonly protocolVersion: string;
  readonly port: number;
  readonly vpcId: string;
  readonly sequence: number;
}

/** A target: an instance, and the port it was registered with. */
export interface TargetName {
  readonly id: string;
  readonly port: number;
}

/** The part of the world a target group sees: the nodes of every listener, and which of them forward to it. */
export interface GroupSurroundings {
  readonly account: AccountOptions;
  readonly nodes: () => readonly ElbNode[];
  /** Whether the node's listener forwards to this group, and may to targets of that zone. */
  readonly reaches: (node: ElbNode, group: TargetGroup, zone: string) => boolean;
}

interface Target {
  readonly name: TargetName;
  readonly membership: Membership;
  /** The state goes on saying `draining` until then, even when nothing is in flight any more. */
  drainingUntilMs: number;
  registeredAtMs: number;
}

/** Longest a node timer may run: setTimeout fires at once beyond it. */
const FOREVER_MS = 0x7fff_ffff;
const KEPT_EVENTS = 1_000;

/** One target group: the API's record of its targets and the memberships that carry them to the nodes. */
export class TargetGroup {
  readonly identity: GroupIdentity;
  readonly tags = new Map<string, string>();
  readonly #around: GroupSurroundings;
  readonly #targets = new Map<string, Target>();
  readonly #history = new History<ReadonlyMap<string, TargetHealth>>();
  readonly #events: NodeEvent[] = [];
  #attributes: Map<string, string>;
  #delayMs: number;
  #healthCheck: V2HealthCheck;
  #nodeCheck: NodeHealthCheck;

  constructor(identity: GroupIdentity, healthCheck: V2HealthCheck, around: GroupSurroundings) {
    this.identity = identity;
    this.#around = around;
    this.#healthCheck = healthCheck;
    this.#nodeCheck = v2NodeCheck(healthCheck);
    this.#attributes = groupAttributes(identity.type);
    this.#delayMs = Number(this.#attributes.get(DEREGISTRATION_DELAY)) * 1000;
    this.noteChange();
  }

  get healthCheck(): V2HealthCheck {
    return this.#healthCheck;
  }

  /** What nodes do for the health check. */
  get nodeCheck(): NodeHealthCheck {
    return this.#nodeCheck;
  }

  get attributes(): ReadonlyMap<string, string> {
    return this.#attributes;
  }

  /** Newest last, at most the last 1,000. */
  get events(): readonly NodeEvent[] {
    return this.#events;
  }

  /** Sets checked attributes; `delayMs` is the deregistration delay where whole seconds are too coarse (the lab's own). */
  modifyAttributes(changes: ReadonlyMap<string, string>, delayMs?: number): void {
    this.#attributes = new Map([...this.#attributes, ...changes]);
    if (delayMs !== undefined) this.#delayMs = delayMs;
    else if (changes.has(DEREGISTRATION_DELAY)) this.#delayMs = Number(changes.get(DEREGISTRATION_DELAY)) * 1000;
    this.reconcile();
  }

  /** The caller has checked the record; `check` is what nodes do where whole seconds are too coarse. */
  configureHealthCheck(record: V2HealthCheck, check = v2NodeCheck(record)): void {
    this.#healthCheck = record;
    this.#nodeCheck = check;
    for (const node of this.#nodesServing()) node.view.configureHealth(check);
  }

  /** Registers targets whose instances are known; what is registered already stays as it is. */
  register(names: readonly TargetName[], when: 'with-delays' | 'at-once' = 'with-delays'): void {
    for (const name of names) {
      const target = this.#targets.get(keyOf(name)) ?? this.#newTarget(name);
      if (target.membership.registered) continue;
      target.drainingUntilMs = 0;
      target.registeredAtMs = when === 'at-once' ? Number.NEGATIVE_INFINITY : this.#now();
      target.membership.register(when);
    }
    this.noteChange();
  }

  /** Deregisters; what is not registered is no error. A group no listener uses lets go at once. */
  deregister(names: readonly TargetName[]): void {
    for (const name of names) {
      const target = this.#targets.get(keyOf(name));
      if (target === undefined || !target.membership.registered) continue;
      const routed = target.membership.wantedSomewhere;
      target.membership.deregister();
      target.drainingUntilMs = routed ? this.#now() + this.#delayMs : 0;
      if (routed) this.#around.account.timers.after(this.#delayMs, () => this.noteChange());
    }
    this.noteChange();
  }

  /** Targets registered by the record itself. */
  members(): readonly TargetName[] {
    return [...this.#targets.values()].filter((each) => each.membership.registered).map(({ name }) => name);
  }

  /** DescribeTargetHealth as Describe calls see it: the given targets, or all registered and draining ones. */
  describedHealth(
    names: readonly TargetName[] | null,
  ): readonly { readonly name: TargetName; readonly health: TargetHealth }[] {
    const { timers, knobs } = this.#around.account;
    if (knobs.describeStaleMs === 0) this.noteChange();
    const seen = this.#history.at(timers.now() - knobs.describeStaleMs) ?? new Map<string, TargetHealth>();
    const listed = names ?? [...seen.keys()].map(nameOf);
    return listed.map((name) => ({ name, health: seen.get(keyOf(name)) ?? targetHealthOf('gone', []) }));
  }

  /** True while Describe calls do not know a target yet that was registered a moment ago (invalidInstanceForMs). */
  unknownYet(name: TargetName): boolean {
    const target = this.#targets.get(keyOf(name));
    return (
      target?.membership.registered === true &&
      this.#now() < target.registeredAtMs + this.#around.account.knobs.invalidInstanceForMs
    );
  }

  /** The phase of a target now. */
  phase(name: TargetName): TargetPhase {
    const target = this.#targets.get(keyOf(name));
    return target === undefined ? 'gone' : this.#phaseOf(target);
  }

  /** What each node makes of a target now. */
  nodesOf(name: TargetName): ReturnType<Membership['nodes']> {
    return this.#targets.get(keyOf(name))?.membership.nodes() ?? [];
  }

  /** Brings every node towards what the record, the listeners and the zones now say. */
  reconcile(): void {
    for (const { membership } of this.#targets.values()) membership.reconcile('with-delays');
    this.noteChange();
  }

  /** Writes down what Describe calls may see from now on; called after anything that can change a state. */
  noteChange(): void {
    const now = this.#now();
    this.#history.record(now, this.#snapshot());
    this.#history.forgetBefore(now - this.#around.account.knobs.describeStaleMs);
  }

  /** Describe calls, however stale, see nothing older than now: a lab is born with its fleet healthy. */
  forgetPast(): void {
    this.#history.beginWith(this.#now(), this.#snapshot());
  }

  /** Stops every message on its way. */
  close(): void {
    for (const { membership } of this.#targets.values()) membership.close();
    this.#targets.clear();
  }

  #snapshot(): ReadonlyMap<string, TargetHealth> {
    const seen = new Map<string, TargetHealth>();
    for (const [key, target] of this.#targets) {
      const phase = this.#phaseOf(target);
      if (phase !== 'gone') seen.set(key, targetHealthOf(phase, target.membership.checkFailures()));
      else if (!target.membership.occupied) this.#targets.delete(key);
    }
    return seen;
  }

  #now(): number {
    return this.#around.account.timers.now();
  }

  #nodesServing(): readonly ElbNode[] {
    return this.#around.nodes().filter((node) => this.#around.reaches(node, this, ''));
  }

  #phaseOf({ membership, drainingUntilMs }: Target): TargetPhase {
    if (membership.registered) return this.#nodesServing().length === 0 ? 'not-in-use' : membership.phase();
    if (this.#now() < drainingUntilMs) return 'draining';
    // A network balancer that does not end connections stops saying `draining` though they go on.
    return drainingUntilMs > 0 && membership.occupied && !this.#keepsConnections() ? 'draining' : 'gone';
  }

  #keepsConnections(): boolean {
    return this.identity.type === 'network' && this.#attributes.get(CONNECTION_TERMINATION) !== 'true';
  }

  #drain(): DrainSettings {
    if (this.#keepsConnections()) return { enabled: true, timeoutMs: FOREVER_MS };
    return { enabled: this.#delayMs > 0, timeoutMs: this.#delayMs };
  }

  #newTarget(name: TargetName): Target {
    const { account, nodes, reaches } = this.#around;
    const key = keyOf(name);
    const zone = account.instances.get(name.id)?.zone ?? '';
    const membership = new Membership({
      // One instance may stand in two groups, and a listener change from one to the other: ids at the nodes say which.
      backend: () => ({ ...account.instances.get(name.id)!.address(), instanceId: `${this.identity.name}/${key}` }),
      nodes,
      reaches: (node) => reaches(node, this, zone),
      delays: account.knobs,
      drain: () => this.#drain(),
      timers: account.timers,
      random: account.random.fork(`target/${this.identity.name}/${key}`),
      onChange: (node, change) => {
        this.#events.push({ atMs: this.#now(), node: node.name, instanceId: name.id, change });
        if (this.#events.length > KEPT_EVENTS) this.#events.shift();
        this.noteChange();
      },
    });
    const target = { name, membership, drainingUntilMs: 0, registeredAtMs: 0 };
    this.#targets.set(key, target);
    return target;
  }
}

function keyOf({ id, port }: TargetName): string {
  return `${id}:${port}`;
}

function nameOf(key: string): TargetName {
  const at = key.lastIndexOf(':');
  return { id: key.slice(0, at), port: Number(key.slice(at + 1)) };
}
