import type { Account } from './elb/account.js';
import type { ServerState, Supervisor } from './supervisor.js';

/** What `GET /state` answers: what is so, not what the API says; `atMs` are CLOCK_MONOTONIC in milliseconds. */
export interface LabState {
  readonly servers: readonly ServerState[];
  readonly loadBalancers: readonly {
    readonly name: string;
    readonly dnsName: string;
    readonly nodes: readonly {
      readonly name: string;
      readonly zone: string;
      readonly host: string;
      readonly port: number;
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

/** The lab's ground truth now. */
export function labState(account: Account, supervisor: Supervisor): LabState {
  return {
    servers: supervisor.states(),
    loadBalancers: account.all().map((balancer) => ({
      name: balancer.identity.name,
      dnsName: balancer.identity.dnsName,
      nodes: balancer.nodes.map(({ name, zone, view }) => ({ name, zone, host: view.host, port: view.port })),
      instances: [...account.instances.keys()].map((instance) => ({
        instance,
        phase: balancer.phase(instance),
        nodes: balancer.nodesOf(instance),
      })),
      events: balancer.events,
    })),
  };
}
