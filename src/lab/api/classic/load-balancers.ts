import type { Account } from '../../elb/account.js';
import type { LoadBalancer } from '../../elb/load-balancer.js';
import { LAB_VPC } from '../../elb/v2/v2-account.js';
import type { ActionTable } from '../action.js';
import { ApiError } from '../api-error.js';
import { pageOf } from '../paging.js';
import { type QueryParams, requiredText, textsOf } from '../query.js';
import type { XmlFields } from '../xml.js';
import { createRequestOf } from './create-request.js';
import { balancerNamed } from './lookup.js';
import { instancesXml } from './membership.js';
import { policiesXml } from './policies.js';

/** Describe, Create and DeleteLoadBalancer, DescribeAccountLimits. */
export const CLASSIC_LOAD_BALANCER_ACTIONS: ActionTable = {
  DescribeLoadBalancers: { changes: false, run: describeLoadBalancers },
  CreateLoadBalancer: {
    changes: true,
    run: async (params, account) => {
      const request = createRequestOf(params, account);
      const balancer = await account.create(request);
      if (balancer === null) {
        throw new ApiError(
          'DuplicateLoadBalancerName',
          `Load Balancer named ${request.name} already exists and it is configured with different parameters.`,
        );
      }
      return { DNSName: balancer.identity.dnsName };
    },
  },
  DeleteLoadBalancer: {
    changes: true,
    run: async (params, account) => {
      // Deleting what is not there succeeds, as on AWS.
      await account.delete(requiredText(params, 'LoadBalancerName'));
      return {};
    },
  },
  DescribeAccountLimits: {
    changes: false,
    run: () => ({
      Limits: [
        { Name: 'classic-load-balancers', Max: '20' },
        { Name: 'classic-listeners', Max: '100' },
        { Name: 'classic-registered-instances', Max: '1000' },
      ],
    }),
  },
};

function describeLoadBalancers(params: QueryParams, account: Account): XmlFields {
  const names = textsOf(params, 'LoadBalancerNames');
  const wanted =
    names === undefined || names.length === 0
      ? account.all()
      : [...new Set(names)].map((name) => balancerNamed(name, account));
  const { page, next } = pageOf(params, wanted, (balancer) => balancer.identity.sequence);
  return { LoadBalancerDescriptions: page.map(descriptionXml), NextMarker: next };
}

function descriptionXml(balancer: LoadBalancer): XmlFields {
  const { identity, placement } = balancer;
  return {
    LoadBalancerName: identity.name,
    DNSName: identity.dnsName,
    CanonicalHostedZoneName: identity.dnsName,
    CanonicalHostedZoneNameID: identity.hostedZoneId,
    ListenerDescriptions: balancer.listeners.map(({ record, policyNames }) => ({
      Listener: { ...record },
      PolicyNames: policyNames,
    })),
    Policies: policiesXml(balancer),
    BackendServerDescriptions: [...balancer.backendPolicies].map(([InstancePort, PolicyNames]) => ({
      InstancePort,
      PolicyNames,
    })),
    AvailabilityZones: placement.zones,
    Subnets: placement.subnets,
    VPCId: placement.subnets.length > 0 ? LAB_VPC : undefined,
    Instances: instancesXml(balancer.describedMembers()),
    HealthCheck: { ...balancer.healthCheck },
    SourceSecurityGroup: { OwnerAlias: 'amazon-elb', GroupName: 'amazon-elb-sg' },
    SecurityGroups: placement.securityGroups,
    CreatedTime: identity.createdTime,
    Scheme: identity.scheme,
  };
}
