import type { Account } from '../../elb/account.js';
import type { TargetGroup } from '../../elb/v2/target-group.js';
import type { ActionTable } from '../action.js';
import { ApiError } from '../api-error.js';
import { pageOf } from '../paging.js';
import { type QueryParams, requiredText, textsOf } from '../query.js';
import type { XmlFields } from '../xml.js';
import { attributeChangesOf, attributesXml } from './attributes.js';
import { groupRequestOf, healthCheckOf } from './group-params.js';
import { balancerByArn, groupByArn, groupOf, groupsNotFound } from './lookup.js';
import { setTags } from './tags.js';

/** Target groups and their attributes. */
export const V2_GROUP_ACTIONS: ActionTable = {
  DescribeTargetGroups: { changes: false, run: describe },
  CreateTargetGroup: {
    changes: true,
    run: (params, account) => {
      const request = groupRequestOf(params);
      const { healthCheck, ...identity } = request;
      const known = [...account.v2.groups.values()].find((group) => group.identity.name === request.name);
      if (known !== undefined) {
        const same = Object.entries(identity).every(
          ([key, value]) => known.identity[key as keyof typeof identity] === value,
        );
        // The same request again gives the same group, as on AWS.
        if (same && JSON.stringify(known.healthCheck) === JSON.stringify(healthCheck)) {
          return { TargetGroups: [groupXml(known, account)] };
        }
        throw new ApiError(
          'DuplicateTargetGroupName',
          `A target group with the same name '${request.name}' exists, but with different settings`,
        );
      }
      const tags = new Map<string, string>();
      setTags(params, tags);
      const group = account.v2.createGroup(request);
      for (const [key, value] of tags) group.tags.set(key, value);
      return { TargetGroups: [groupXml(group, account)] };
    },
  },
  ModifyTargetGroup: {
    changes: true,
    run: (params, account) => {
      const group = groupOf(params, account);
      group.configureHealthCheck(healthCheckOf(params, group.healthCheck, group.identity.type === 'network'));
      return { TargetGroups: [groupXml(group, account)] };
    },
  },
  DeleteTargetGroup: {
    changes: true,
    run: (params, account) => {
      const arn = requiredText(params, 'TargetGroupArn');
      const group = account.v2.groups.get(arn);
      // Deleting what is not there succeeds, as on AWS; what is no ARN at all does not.
      if (group === undefined) {
        if (!arn.includes(':targetgroup/')) groupByArn(arn, account);
        return {};
      }
      if (account.v2.listeners.some((listener) => listener.group === group)) {
        throw new ApiError('ResourceInUse', `Target group '${arn}' is currently in use by a listener or a rule`);
      }
      account.v2.groups.delete(arn);
      group.close();
      return {};
    },
  },
  DescribeTargetGroupAttributes: {
    changes: false,
    run: (params, account) => ({ Attributes: attributesXml(groupOf(params, account).attributes) }),
  },
  ModifyTargetGroupAttributes: {
    changes: true,
    run: (params, account) => {
      const group = groupOf(params, account);
      group.modifyAttributes(attributeChangesOf(params, group.attributes, 'Target group'));
      return { Attributes: attributesXml(group.attributes) };
    },
  },
};

function describe(params: QueryParams, account: Account): XmlFields {
  const all = [...account.v2.groups.values()];
  const names = textsOf(params, 'Names') ?? [];
  const arns = textsOf(params, 'TargetGroupArns') ?? [];
  const balancerArn = params.get('LoadBalancerArn');
  let wanted: readonly TargetGroup[] = all;
  if (arns.length > 0) wanted = [...new Set(arns)].map((arn) => groupByArn(arn, account));
  if (names.length > 0) {
    if (names.some((name) => !all.some((group) => group.identity.name === name))) throw groupsNotFound();
    wanted = wanted.filter((group) => names.includes(group.identity.name));
  }
  if (balancerArn !== undefined) {
    const balancer = balancerByArn(balancerArn, account);
    wanted = wanted.filter((group) => account.v2.balancersOf(group).includes(balancer));
  }
  const { page, next } = pageOf(params, wanted, (group) => group.identity.sequence);
  return { TargetGroups: page.map((group) => groupXml(group, account)), NextMarker: next };
}

function groupXml(group: TargetGroup, account: Account): XmlFields {
  const { identity, healthCheck } = group;
  const http = healthCheck.protocol === 'HTTP';
  return {
    TargetGroupArn: identity.arn,
    TargetGroupName: identity.name,
    Protocol: identity.protocol,
    Port: identity.port,
    VpcId: identity.vpcId,
    HealthCheckProtocol: healthCheck.protocol,
    HealthCheckPort: healthCheck.port,
    HealthCheckEnabled: healthCheck.enabled,
    HealthCheckIntervalSeconds: healthCheck.intervalSeconds,
    HealthCheckTimeoutSeconds: healthCheck.timeoutSeconds,
    HealthyThresholdCount: healthCheck.healthyThreshold,
    UnhealthyThresholdCount: healthCheck.unhealthyThreshold,
    HealthCheckPath: http ? healthCheck.path : undefined,
    Matcher: http ? { HttpCode: healthCheck.codes } : undefined,
    LoadBalancerArns: account.v2.balancersOf(group).map((balancer) => balancer.identity.arn),
    TargetType: 'instance',
    ProtocolVersion: identity.type === 'application' ? identity.protocolVersion : undefined,
    IpAddressType: 'ipv4',
  };
}
