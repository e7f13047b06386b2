import type { RunAudit } from './app/request-audit.js';
import type { Account } from './elb/account.js';
import type { LoadBalancer } from './elb/load-balancer.js';
import type { ElbNode } from './elb/membership.js';
import type { OwnHaproxy } from './haproxy/own.js';
import type { ServerState, Supervisor } from './supervisor.js';

/** What `GET /state` answers: what is so, not what the API says; `atMs` are CLOCK_MONOTONIC in milliseconds. */
export interface LabState {
  readonly servers: readonly ServerState[];
  /** What all applications together received, by run; a killed one takes up to 100 ms along. */
  readonly audit: Readonly<Record<string, RunAudit>>;
  readonly loadBalancers: readonly {
    readonly name: string;
    readonly dnsName: string;
    readonly nodes: readonly {
      readonly name: string;
      readonly zone: string;
      readonly host: string;
      readonly port: number;
      /** HAProxy's process; null when the lab carries the traffic itself. */
      readonly pid: number | null;
    }[];
    readonly instances: readonly {
      readonly instance: string;
      readonly phase: string;
      readonly nodes: readonly {
        readonly node: string;
        readonly routed: boolean;
        readonly health: string;
        readonly inFlight: number;
      }[];
    }[];
    /** When each node took up and let go of instances; newest last. */
    readonly events: readonly {
      readonly atMs: number;
      readonly node: string;
      readonly instanceId: string;
      readonly change: string;
    }[];
  }[];
}

type BalancerState = LabState['loadBalancers'][number];

/** The lab's ground truth now. */
export function labState(account: Account, supervisor: Supervisor, haproxy: OwnHaproxy | null): LabState {
  return {
    servers: supervisor.states(),
    audit: supervisor.audit(),
    loadBalancers: [
      ...account.all().map((each) => classicState(account, each)),
      ...v2States(account),
      ...haproxyStates(haproxy),
    ],
  };
}

function classicState(account: Account, balancer: LoadBalancer): BalancerState {
  return {
    name: balancer.identity.name,
    dnsName: balancer.identity.dnsName,
    nodes: balancer.nodes.map((node) => nodeState(node, balancer.zoneOf(node))),
    instances: [...account.instances.keys()].map((instance) => ({
      instance,
      phase: balancer.phase(instance),
      nodes: balancer.nodesOf(instance),
    })),
    events: balancer.events,
  };
}

/** One entry per ELBv2 balancer; its instances are the targets of every group it forwards to. */
function v2States(account: Account): readonly BalancerState[] {
  return [...account.v2.balancers.values()].map((balancer) => {
    const listeners = [...balancer.listeners.values()];
    const groups = [...new Set(listeners.map(({ group }) => group))];
    return {
      name: balancer.identity.name,
      dnsName: balancer.identity.dnsName,
      nodes: listeners.flatMap(({ nodes }) => nodes).map((node) => nodeState(node, balancer.zoneOf(node))),
      instances: groups.flatMap((group) =>
        group.members().map((target) => ({
          instance: target.id,
          phase: group.phase(target),
          nodes: group.nodesOf(target),
        })),
      ),
      events: groups.flatMap((group) => group.events).sort((a, b) => a.atMs - b.atMs),
    };
  });
}

/** What its servers are is HAProxy's own to tell, over its runtime API. */
function haproxyStates(haproxy: OwnHaproxy | null): readonly BalancerState[] {
  if (haproxy === null) return [];
  const { backend, host, port, pid } = haproxy;
  const node = { name: 'haproxy', zone: '', host, port, pid };
  return [{ name: backend, dnsName: '', nodes: [node], instances: [], events: [] }];
}

function nodeState({ name, view }: ElbNode, zone: string): BalancerState['nodes'][number] {
  return { name, zone, host: view.host, port: view.port, pid: view.pid ?? null };
}
