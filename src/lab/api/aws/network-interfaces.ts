import type { Account } from '../../elb/account.js';
import type { ElbNode } from '../../elb/membership.js';
import { LAB_VPC } from '../../elb/v2/v2-account.js';
import { subnetOf } from '../../elb/zones.js';
import type { QueryParams } from '../query.js';
import type { XmlFields } from '../xml.js';
import { type Filters, filtered } from './filters.js';

interface Interface {
  readonly id: string;
  readonly description: string;
  readonly host: string;
  readonly zone: string;
  /** Where the node really listens, by the listener's port. */
  readonly ports: ReadonlyMap<number, number>;
}

const FILTERS: Filters<Interface> = {
  'requester-id': () => 'amazon-elb',
  'requester-managed': () => 'true',
  description: ({ description }) => description,
  'network-interface-id': ({ id }) => id,
  'addresses.private-ip-address': ({ host }) => host,
  'vpc-id': () => LAB_VPC,
};

/**
 * The interfaces of every balancer's nodes: on AWS too the way from a balancer to its addresses. The tags
 * `rollproof:listener:<port>` say where a listener really is, which is another port when the one asked for was taken.
 */
export function networkInterfaces(params: QueryParams, account: Account): readonly XmlFields[] {
  return filtered(params, [...classic(account), ...v2(account)], FILTERS).map((each) => ({
    networkInterfaceId: each.id,
    subnetId: subnetOf(account.options.region, each.zone),
    vpcId: LAB_VPC,
    availabilityZone: each.zone,
    description: each.description,
    requesterId: 'amazon-elb',
    requesterManaged: true,
    // As just made, before it is attached: what tools that create a balancer wait for.
    status: 'available',
    privateIpAddress: each.host,
    privateIpAddressesSet: [{ privateIpAddress: each.host, primary: true }],
    groupSet: [],
    tagSet: [...each.ports].map(([port, real]) => ({
      key: `rollproof:listener:${port}`,
      value: `${each.host}:${real}`,
    })),
  }));
}

function classic(account: Account): readonly Interface[] {
  return account.all().flatMap((balancer) => {
    const listeners = balancer.listeners.map(({ record, nodes }) => ({ port: record.LoadBalancerPort, nodes }));
    const { name, sequence } = balancer.identity;
    return interfacesOf(`ELB ${name}`, `c${sequence}`, listeners, (node) => balancer.zoneOf(node));
  });
}

function v2(account: Account): readonly Interface[] {
  return [...account.v2.balancers.values()].flatMap((balancer) => {
    const { arn, sequence } = balancer.identity;
    const description = `ELB ${arn.split(':loadbalancer/')[1]}`;
    return interfacesOf(description, `a${sequence}`, [...balancer.listeners.values()], (node) => balancer.zoneOf(node));
  });
}

/** Nodes of several listeners share an interface when they share an index. */
function interfacesOf(
  description: string,
  label: string,
  listeners: readonly { readonly port: number; readonly nodes: readonly ElbNode[] }[],
  zoneOf: (node: ElbNode) => string,
): readonly Interface[] {
  const [first] = listeners;
  return (first?.nodes ?? []).map((node) => ({
    id: `eni-${label}${node.index}`,
    description,
    host: node.view.host,
    zone: zoneOf(node),
    ports: new Map(listeners.map(({ port, nodes }) => [port, nodes[node.index]?.view.port ?? 0])),
  }));
}
