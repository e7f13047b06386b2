import type { Account } from '../../elb/account.js';
import type { LoadBalancer } from '../../elb/load-balancer.js';
import type { ActionTable } from '../action.js';
import { constraintError, invalidConfiguration, validationError } from '../api-error.js';
import { type QueryParams, textsOf } from '../query.js';
import { balancerOf } from './lookup.js';

/** Availability Zones, subnets and security groups of a balancer that exists. */
export const CLASSIC_PLACEMENT_ACTIONS: ActionTable = {
  EnableAvailabilityZonesForLoadBalancer: {
    changes: true,
    run: (params, account) => {
      const balancer = balancerOf(params, account);
      const zones = zonesOf(params, account);
      balancer.place({ zones: [...new Set([...balancer.placement.zones, ...zones])].sort() });
      return { AvailabilityZones: balancer.placement.zones };
    },
  },
  DisableAvailabilityZonesForLoadBalancer: {
    changes: true,
    run: (params, account) => {
      const balancer = balancerOf(params, account);
      const zones = zonesOf(params, account);
      const left = balancer.placement.zones.filter((zone) => !zones.includes(zone));
      if (left.length === 0) {
        throw invalidConfiguration('You cannot disable all Availability Zones of a load balancer.');
      }
      balancer.place({ zones: left });
      return { AvailabilityZones: left };
    },
  },
  AttachLoadBalancerToSubnets: {
    changes: true,
    run: (params, account) => {
      const balancer = balancerInVpc(params, account);
      setSubnets(balancer, account, [...new Set([...balancer.placement.subnets, ...requiredTexts(params, 'Subnets')])]);
      return { Subnets: balancer.placement.subnets };
    },
  },
  DetachLoadBalancerFromSubnets: {
    changes: true,
    run: (params, account) => {
      const balancer = balancerInVpc(params, account);
      const gone = requiredTexts(params, 'Subnets');
      const left = balancer.placement.subnets.filter((subnet) => !gone.includes(subnet));
      if (left.length === 0) throw invalidConfiguration('You cannot detach a load balancer from all of its subnets.');
      setSubnets(balancer, account, left);
      return { Subnets: left };
    },
  },
  ApplySecurityGroupsToLoadBalancer: {
    changes: true,
    run: (params, account) => {
      const balancer = balancerInVpc(params, account);
      const securityGroups = [...new Set(requiredTexts(params, 'SecurityGroups'))];
      balancer.place({ securityGroups });
      return { SecurityGroups: securityGroups };
    },
  },
};

function zonesOf(params: QueryParams, account: Account): readonly string[] {
  const zones = requiredTexts(params, 'AvailabilityZones');
  const strange = zones.find((zone) => !account.zones.includes(zone));
  if (strange !== undefined) throw validationError(`Invalid Availability Zone: ${strange}`);
  return zones;
}

function requiredTexts(params: QueryParams, name: string): readonly string[] {
  const texts = textsOf(params, name);
  if (texts === undefined || texts.length === 0) {
    throw constraintError(null, `${name.charAt(0).toLowerCase()}${name.slice(1)}`, 'not be null');
  }
  return texts;
}

function balancerInVpc(params: QueryParams, account: Account): LoadBalancer {
  const balancer = balancerOf(params, account);
  if (balancer.placement.subnets.length === 0) {
    throw invalidConfiguration(`Load balancer ${balancer.identity.name} is not in a VPC.`);
  }
  return balancer;
}

/** The lab's subnets are one per zone, in order. */
function setSubnets(balancer: LoadBalancer, account: Account, subnets: readonly string[]): void {
  if (subnets.length > account.zones.length) {
    throw invalidConfiguration(`The lab has one subnet for each of its ${account.zones.length} Availability Zones.`);
  }
  balancer.place({ subnets, zones: account.zones.slice(0, subnets.length) });
}
