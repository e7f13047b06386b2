import type { Account } from '../../elb/account.js';
import type { LoadBalancer } from '../../elb/load-balancer.js';
import { LAB_VPC } from '../../elb/v2/v2-account.js';
import type { ActionTable } from '../action.js';
import { ApiError, validationError } from '../api-error.js';
import { type QueryParams, requiredText, textsOf, wholeNumber } from '../query.js';
import type { XmlFields } from '../xml.js';
import { createRequestOf } from './create-request.js';
import { balancerNamed } from './lookup.js';
import { instancesXml } from './membership.js';
import { policiesXml } from './policies.js';

const MAX_PAGE = 400;

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
  const pageSize = wholeNumber(params, 'PageSize', { min: 1, max: MAX_PAGE }) ?? MAX_PAGE;
  const after = markerOf(params);
  const wanted =
    names === undefined || names.length === 0
      ? account.all()
      : [...new Set(names)]
          .map((name) => balancerNamed(name, account))
          .sort((a, b) => a.identity.sequence - b.identity.sequence);
  const rest = wanted.filter((balancer) => balancer.identity.sequence > after);
  const page = rest.slice(0, pageSize);
  const last = page.at(-1);
  return {
    LoadBalancerDescriptions: page.map(descriptionXml),
    NextMarker:
      last !== undefined && rest.length > page.length
        ? Buffer.from(`after:${last.identity.sequence}`).toString('base64url')
        : undefined,
  };
}

/** Pages follow creation order, so a balancer deleted between two pages hides no other. */
function markerOf(params: QueryParams): number {
  const marker = params.get('Marker');
  if (marker === undefined || marker === '') return 0;
  const sequence = /^after:(\d{1,9})$/.exec(Buffer.from(marker, 'base64url').toString())?.[1];
  if (sequence === undefined) throw validationError('The marker is invalid.');
  return Number(sequence);
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
