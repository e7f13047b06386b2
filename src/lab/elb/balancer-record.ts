import type { NodeChange } from './node-side.js';
import type { BackendAddress, DrainSettings, ListenerPath, ListenerProtocol } from './node-view-port.js';

/** One listener as the API speaks of it. */
export interface Listener {
  readonly Protocol: ListenerProtocol;
  readonly LoadBalancerPort: number;
  readonly InstanceProtocol: ListenerProtocol;
  readonly InstancePort: number;
  readonly SSLCertificateId?: string | undefined;
}

/** What a listener asks of the nodes. */
export function listenerPath(listener: Listener): ListenerPath {
  return {
    protocol: listener.Protocol,
    backendProtocol: listener.InstanceProtocol,
    port: listener.LoadBalancerPort,
    certificateId: listener.SSLCertificateId ?? null,
  };
}

/** A policy by name; a record only. */
export interface Policy {
  readonly typeName: string;
  readonly attributes: readonly (readonly [string, string])[];
}

/** What never changes after a balancer was created. */
export interface LoadBalancerIdentity {
  readonly name: string;
  readonly dnsName: string;
  readonly hostedZoneId: string;
  readonly scheme: string;
  readonly createdTime: Date;
  /** Rises with every balancer created: pages follow it. */
  readonly sequence: number;
}

/** Where a balancer stands; all of it can be changed. */
export interface Placement {
  readonly zones: readonly string[];
  readonly subnets: readonly string[];
  readonly securityGroups: readonly string[];
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
