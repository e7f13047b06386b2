import type { AccountOptions } from '../account.js';
import { type ElbNode, nodesOf } from '../membership.js';
import type { ListenerProtocol } from '../node-view-port.js';
import type { V2HealthCheck, V2Type } from './health-check.js';
import { TargetGroup } from './target-group.js';
import { V2Balancer, type V2Listener, type ZoneMapping } from './v2-balancer.js';

/** AWS's account id of examples; every ARN of the lab carries it. */
export const ACCOUNT_ID = '123456789012';
/** The lab's one VPC. */
export const LAB_VPC = 'vpc-1ab00000';

const SHORT: Readonly<Record<V2Type, string>> = { application: 'app', network: 'net' };

/** What CreateLoadBalancer asks for. */
export interface V2BalancerRequest {
  readonly name: string;
  readonly type: V2Type;
  readonly scheme: string;
  readonly zones: readonly ZoneMapping[];
  readonly securityGroups: readonly string[];
  readonly idleTimeoutMs: number;
}

/** What CreateTargetGroup asks for. */
export interface GroupRequest {
  readonly name: string;
  readonly protocol: 'HTTP' | 'HTTPS' | 'TCP' | 'TLS';
  readonly protocolVersion: string;
  readonly port: number;
  readonly vpcId: string;
  readonly healthCheck: V2HealthCheck;
}

/** What CreateListener asks for; port 0 = whatever port the nodes get. */
export interface ListenerRequest {
  readonly protocol: ListenerProtocol;
  readonly port: number;
  readonly certificateArn: string | null;
  readonly sslPolicy: string | null;
  readonly group: TargetGroup;
}

/** The Application and Network Load Balancers of a lab account, their listeners and target groups. */
export class V2Account {
  readonly balancers = new Map<string, V2Balancer>();
  readonly groups = new Map<string, TargetGroup>();
  readonly #options: AccountOptions;
  #sequence = 0;

  constructor(options: AccountOptions) {
    this.#options = options;
  }

  get options(): AccountOptions {
    return this.#options;
  }

  /** Every listener, oldest first. */
  get listeners(): readonly V2Listener[] {
    return [...this.balancers.values()].flatMap((balancer) => [...balancer.listeners.values()]);
  }

  /** The caller has checked that the name is free. */
  createBalancer(request: V2BalancerRequest): V2Balancer {
    const { region, wallTime } = this.#options;
    const sequence = ++this.#sequence;
    const random = this.#options.random.fork(`v2/${request.name}/${sequence}`);
    const { name, type, scheme } = request;
    const dnsName = `${name}-${random.hex(16)}.${type === 'network' ? `elb.${region}` : `${region}.elb`}`;
    const balancer = new V2Balancer(
      {
        arn: this.#arn(`loadbalancer/${SHORT[type]}/${name}/${random.hex(16)}`),
        name,
        type,
        scheme,
        dnsName: `${dnsName}.amazonaws.com.lab.invalid`.toLowerCase(),
        hostedZoneId: `Z${random.hex(13).toUpperCase()}`,
        vpcId: LAB_VPC,
        createdTime: wallTime(),
        sequence,
      },
      request,
    );
    this.balancers.set(balancer.identity.arn, balancer);
    return balancer;
  }

  /** The caller has checked that the name is free. */
  createGroup({ healthCheck, ...request }: GroupRequest): TargetGroup {
    const sequence = ++this.#sequence;
    const random = this.#options.random.fork(`group/${request.name}/${sequence}`);
    const type = request.protocol.startsWith('HTTP') ? 'application' : 'network';
    const group = new TargetGroup(
      { ...request, type, arn: this.#arn(`targetgroup/${request.name}/${random.hex(16)}`), sequence },
      healthCheck,
      {
        account: this.#options,
        nodes: () => this.listeners.flatMap(({ nodes }) => nodes),
        reaches: (node, self, zone) => this.#reaches(node, self, zone),
      },
    );
    this.groups.set(group.identity.arn, group);
    return group;
  }

  /** Starts a listener's nodes and sends them the group's targets; null when the balancer was deleted meanwhile. */
  async createListener(balancer: V2Balancer, request: ListenerRequest): Promise<V2Listener | null> {
    balancer.startingPorts.add(request.port);
    let started: Pick<V2Listener, 'nodes' | 'port'>;
    const sequence = ++this.#sequence;
    try {
      started = await this.#startNodes(balancer, request, sequence);
    } finally {
      balancer.startingPorts.delete(request.port);
    }
    if (balancer.closed) {
      await closeAll(started.nodes);
      return null;
    }
    const random = this.#options.random.fork(`listener/${balancer.identity.arn}/${sequence}`);
    const path = `${balancer.identity.arn.split(':loadbalancer/')[1]}/${random.hex(16)}`;
    const listener: V2Listener = {
      ...request,
      ...started,
      arn: this.#arn(`listener/${path}`),
      ruleArn: this.#arn(`listener-rule/${path}/${random.hex(16)}`),
      balancer,
      sequence,
      tags: new Map(),
    };
    balancer.listeners.set(listener.arn, listener);
    for (const node of listener.nodes) node.view.configureHealth(request.group.nodeCheck);
    request.group.reconcile();
    return listener;
  }

  /** Forwards a listener to another group: the nodes let go of the old one's targets and take the new one's, in their time. */
  forwardTo(listener: V2Listener, group: TargetGroup): void {
    const before = listener.group;
    if (before === group) return;
    listener.group = group;
    for (const node of listener.nodes) node.view.configureHealth(group.nodeCheck);
    before.reconcile();
    group.reconcile();
  }

  /** Takes a listener away with every connection of it. */
  async deleteListener(listener: V2Listener): Promise<void> {
    listener.balancer.listeners.delete(listener.arn);
    listener.group.reconcile();
    await closeAll(listener.nodes);
  }

  /** Takes a balancer away with its listeners; its target groups stay. */
  async deleteBalancer(balancer: V2Balancer): Promise<void> {
    balancer.closed = true;
    this.balancers.delete(balancer.identity.arn);
    const listeners = [...balancer.listeners.values()];
    balancer.listeners.clear();
    for (const { group } of listeners) group.reconcile();
    await Promise.all(listeners.map(({ nodes }) => closeAll(nodes)));
  }

  /** The balancers whose listeners forward to a group. */
  balancersOf(group: TargetGroup): readonly V2Balancer[] {
    return [...this.balancers.values()].filter((balancer) =>
      [...balancer.listeners.values()].some((listener) => listener.group === group),
    );
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.balancers.values()].map((balancer) => this.deleteBalancer(balancer)));
    for (const group of this.groups.values()) group.close();
  }

  async #startNodes(
    balancer: V2Balancer,
    request: ListenerRequest,
    sequence: number,
  ): Promise<Pick<V2Listener, 'nodes' | 'port'>> {
    const { startNodes, knobs, random } = this.#options;
    const first = balancer.listeners.size === 0 && balancer.startingPorts.size === 1;
    const views = await startNodes({
      name: balancer.identity.name,
      flavour: balancer.identity.type === 'network' ? 'nlb' : 'alb',
      listener: {
        protocol: request.protocol,
        backendProtocol: request.group.identity.protocol,
        port: request.port,
        certificateId: request.certificateArn,
      },
      count: knobs.nodes,
      health: request.group.nodeCheck,
      idleTimeoutMs: balancer.idleTimeoutMs,
      onHealthChange: () => {
        for (const group of this.groups.values()) group.noteChange();
      },
    });
    const port = request.port || (views[0]?.port ?? 0);
    const nodes = nodesOf(views, first ? null : port, random.fork(`v2/${balancer.identity.name}/${sequence}`));
    return { nodes, port };
  }

  #reaches(node: ElbNode, group: TargetGroup, zone: string): boolean {
    return this.listeners.some(
      (listener) =>
        listener.group === group && listener.nodes.includes(node) && listener.balancer.routes(node, zone, group),
    );
  }

  #arn(resource: string): string {
    return `arn:aws:elasticloadbalancing:${this.#options.region}:${ACCOUNT_ID}:${resource}`;
  }
}

async function closeAll(nodes: readonly ElbNode[]): Promise<void> {
  await Promise.all(nodes.map((node) => node.view.close()));
}
