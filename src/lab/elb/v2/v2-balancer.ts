import type { ElbNode } from '../membership.js';
import type { ListenerProtocol } from '../node-view-port.js';
import { balancerAttributes, CROSS_ZONE } from './attributes.js';
import type { V2Type } from './health-check.js';
import type { TargetGroup } from './target-group.js';

/** What never changes after an ELBv2 balancer was created. */
export interface V2Identity {
  readonly arn: string;
  readonly name: string;
  readonly type: V2Type;
  readonly scheme: string;
  readonly dnsName: string;
  readonly hostedZoneId: string;
  readonly vpcId: string;
  readonly createdTime: Date;
  readonly sequence: number;
}

/** One zone of a balancer and the subnet it stands in there. */
export interface ZoneMapping {
  readonly zone: string;
  readonly subnet: string;
}

/** One listener: what it speaks, where, and the group its default action forwards to. */
export interface V2Listener {
  readonly arn: string;
  readonly ruleArn: string;
  readonly balancer: V2Balancer;
  readonly sequence: number;
  readonly tags: Map<string, string>;
  protocol: ListenerProtocol;
  port: number;
  certificateArn: string | null;
  sslPolicy: string | null;
  group: TargetGroup;
  nodes: readonly ElbNode[];
}

/** One Application or Network Load Balancer: a record; its traffic goes through its listeners' nodes. */
export class V2Balancer {
  readonly identity: V2Identity;
  readonly tags = new Map<string, string>();
  readonly attributes: Map<string, string>;
  readonly listeners = new Map<string, V2Listener>();
  zones: readonly ZoneMapping[];
  securityGroups: readonly string[];
  readonly idleTimeoutMs: number;
  /** Where CreateListener is at work: a second one of that port is a duplicate. */
  readonly startingPorts = new Set<number>();
  closed = false;

  constructor(
    identity: V2Identity,
    placement: {
      readonly zones: readonly ZoneMapping[];
      readonly securityGroups: readonly string[];
      readonly idleTimeoutMs: number;
    },
  ) {
    this.identity = identity;
    this.zones = placement.zones;
    this.securityGroups = placement.securityGroups;
    this.idleTimeoutMs = placement.idleTimeoutMs;
    this.attributes = balancerAttributes(identity.type);
  }

  /** The zone a node stands in: nodes take the balancer's zones in turn. */
  zoneOf(node: ElbNode): string {
    return this.zones[node.index % this.zones.length]?.zone ?? '';
  }

  /** Whether a node of this balancer may route to targets of a zone; '' asks for no zone in particular. */
  routes(node: ElbNode, zone: string, group: TargetGroup): boolean {
    if (zone === '') return true;
    if (!this.zones.some((each) => each.zone === zone)) return false;
    const own = group.attributes.get(CROSS_ZONE);
    const crossZone = own === 'true' || own === 'false' ? own : this.attributes.get(CROSS_ZONE);
    return crossZone === 'true' || this.zoneOf(node) === zone;
  }
}
