import type { Account } from '../../elb/account.js';
import { DELETION_PROTECTION } from '../../elb/v2/attributes.js';
import type { V2Type } from '../../elb/v2/health-check.js';
import type { V2Balancer, ZoneMapping } from '../../elb/v2/v2-balancer.js';
import { zoneOfSubnet } from '../../elb/zones.js';
import type { ActionTable } from '../action.js';
import { ApiError, constraintError, invalidConfiguration, validationError } from '../api-error.js';
import { pageOf } from '../paging.js';
import { type QueryParams, requiredText, structuresOf, textsOf } from '../query.js';
import type { XmlFields } from '../xml.js';
import { attributeChangesOf, attributesXml } from './attributes.js';
import { checkedName } from './group-params.js';
import { balancerByArn, balancerOf } from './lookup.js';
import { setTags } from './tags.js';

/** AWS's default for a balancer made through the API. */
const IDLE_TIMEOUT_MS: Readonly<Record<V2Type, number>> = { application: 60_000, network: 350_000 };

/** Load balancers and their attributes. */
export const V2_LOAD_BALANCER_ACTIONS: ActionTable = {
  DescribeLoadBalancers: { changes: false, run: describe },
  CreateLoadBalancer: { changes: true, run: create },
  DeleteLoadBalancer: {
    changes: true,
    run: async (params, account) => {
      const arn = requiredText(params, 'LoadBalancerArn');
      const balancer = account.v2.balancers.get(arn);
      if (balancer === undefined) {
        // Deleting what is not there succeeds, as on AWS; what is no ARN at all does not.
        if (!arn.includes(':loadbalancer/')) balancerByArn(arn, account);
        return {};
      }
      if (balancer.attributes.get(DELETION_PROTECTION) === 'true') {
        throw new ApiError(
          'OperationNotPermitted',
          `Load balancer '${arn}' cannot be deleted because deletion protection is enabled`,
        );
      }
      await account.v2.deleteBalancer(balancer);
      return {};
    },
  },
  DescribeLoadBalancerAttributes: {
    changes: false,
    run: (params, account) => ({ Attributes: attributesXml(balancerOf(params, account).attributes) }),
  },
  ModifyLoadBalancerAttributes: {
    changes: true,
    run: (params, account) => {
      const balancer = balancerOf(params, account);
      const changes = attributeChangesOf(params, balancer.attributes, 'Load balancer');
      for (const [key, value] of changes) balancer.attributes.set(key, value);
      reconcile(balancer);
      return { Attributes: attributesXml(balancer.attributes) };
    },
  },
  SetSecurityGroups: {
    changes: true,
    run: (params, account) => {
      const balancer = balancerOf(params, account);
      const groups = textsOf(params, 'SecurityGroups');
      if (groups === undefined || groups.length === 0) throw constraintError(null, 'securityGroups', 'not be null');
      balancer.securityGroups = [...new Set(groups)];
      return { SecurityGroupIds: balancer.securityGroups };
    },
  },
  SetSubnets: {
    changes: true,
    run: (params, account) => {
      const balancer = balancerOf(params, account);
      balancer.zones = zonesOf(params, balancer.identity.type, account);
      reconcile(balancer);
      return { AvailabilityZones: zonesXml(balancer), IpAddressType: 'ipv4' };
    },
  },
  SetIpAddressType: {
    changes: true,
    run: (params, account) => {
      balancerOf(params, account);
      if (requiredText(params, 'IpAddressType') !== 'ipv4') {
        throw invalidConfiguration("The lab's balancers have IPv4 addresses only.");
      }
      return { IpAddressType: 'ipv4' };
    },
  },
};

/** `LoadBalancers` of an answer. */
export function balancerXml(balancer: V2Balancer): XmlFields {
  const { identity } = balancer;
  return {
    LoadBalancerArn: identity.arn,
    DNSName: identity.dnsName,
    CanonicalHostedZoneId: identity.hostedZoneId,
    CreatedTime: identity.createdTime,
    LoadBalancerName: identity.name,
    Scheme: identity.scheme,
    VpcId: identity.vpcId,
    State: { Code: 'active' },
    Type: identity.type,
    AvailabilityZones: zonesXml(balancer),
    SecurityGroups: balancer.securityGroups,
    IpAddressType: 'ipv4',
  };
}

function describe(params: QueryParams, account: Account): XmlFields {
  const names = textsOf(params, 'Names') ?? [];
  const arns = textsOf(params, 'LoadBalancerArns') ?? [];
  const all = [...account.v2.balancers.values()];
  let wanted: readonly V2Balancer[] = all;
  if (arns.length > 0) wanted = [...new Set(arns)].map((arn) => balancerByArn(arn, account));
  const missing = names.filter((name) => !all.some((balancer) => balancer.identity.name === name));
  if (missing.length > 0) {
    throw new ApiError('LoadBalancerNotFound', `Load balancers '[${missing.join(', ')}]' not found`);
  }
  if (names.length > 0) wanted = wanted.filter((balancer) => names.includes(balancer.identity.name));
  const { page, next } = pageOf(params, wanted, (balancer) => balancer.identity.sequence);
  return { LoadBalancers: page.map(balancerXml), NextMarker: next };
}

function create(params: QueryParams, account: Account): XmlFields {
  const name = checkedName(requiredText(params, 'Name'), 'Load balancer');
  const type = params.get('Type') ?? 'application';
  if (type === 'gateway') throw invalidConfiguration('The lab has no Gateway Load Balancer.');
  if (type !== 'application' && type !== 'network') {
    throw constraintError(type, 'type', 'satisfy enum value set: [application, network, gateway]');
  }
  const scheme = params.get('Scheme') ?? 'internet-facing';
  if (scheme !== 'internet-facing' && scheme !== 'internal') {
    throw constraintError(scheme, 'scheme', 'satisfy enum value set: [internet-facing, internal]');
  }
  if ((params.get('IpAddressType') ?? 'ipv4') !== 'ipv4') {
    throw invalidConfiguration("The lab's balancers have IPv4 addresses only.");
  }
  const zones = zonesOf(params, type, account);
  const securityGroups = [...new Set(textsOf(params, 'SecurityGroups') ?? [])];
  const tags = new Map<string, string>();
  setTags(params, tags);
  const known = [...account.v2.balancers.values()].find((balancer) => balancer.identity.name === name);
  if (known !== undefined) {
    const same =
      known.identity.type === type &&
      known.identity.scheme === scheme &&
      JSON.stringify([known.zones, known.securityGroups]) === JSON.stringify([zones, securityGroups]);
    if (same) return { LoadBalancers: [balancerXml(known)] };
    throw new ApiError(
      'DuplicateLoadBalancerName',
      `A load balancer with the same name '${name}' exists, but with different settings`,
    );
  }
  const idleTimeoutMs = IDLE_TIMEOUT_MS[type];
  const balancer = account.v2.createBalancer({ name, type, scheme, zones, securityGroups, idleTimeoutMs });
  for (const [key, value] of tags) balancer.tags.set(key, value);
  return { LoadBalancers: [balancerXml(balancer)] };
}

/** The lab's subnets by name; others stand for its zones in order. */
function zonesOf(params: QueryParams, type: V2Type, account: Account): readonly ZoneMapping[] {
  const mapped = (structuresOf(params, 'SubnetMappings') ?? []).map((each) =>
    requiredText(each, 'SubnetId', 'SubnetMappings.member.SubnetId'),
  );
  const plain = textsOf(params, 'Subnets') ?? [];
  if (mapped.length > 0 && plain.length > 0)
    throw validationError('You can specify either subnets or subnet mappings, but not both');
  const subnets = [...new Set([...mapped, ...plain])];
  if (subnets.length === 0) throw validationError('At least one subnet must be specified');
  if (type === 'application' && subnets.length < 2) {
    throw validationError('At least two subnets in two different Availability Zones must be specified');
  }
  const { zones, options } = account;
  const free = zones.filter((zone) => !subnets.some((subnet) => zoneOfSubnet(options.region, zones, subnet) === zone));
  return subnets.map((subnet) => {
    const zone = zoneOfSubnet(options.region, zones, subnet) ?? free.shift();
    if (zone !== undefined) return { zone, subnet };
    throw new ApiError(
      'SubnetNotFound',
      `The subnet ID '${subnet}' does not exist: the lab has one for each of its ${zones.length} zones`,
    );
  });
}

function zonesXml(balancer: V2Balancer): readonly XmlFields[] {
  return balancer.zones.map(({ zone, subnet }) => ({ ZoneName: zone, SubnetId: subnet, LoadBalancerAddresses: [] }));
}

function reconcile(balancer: V2Balancer): void {
  for (const { group } of balancer.listeners.values()) group.reconcile();
}
