import type { Policy } from '../../elb/balancer-record.js';
import type { LoadBalancer } from '../../elb/load-balancer.js';
import type { ActionTable } from '../action.js';
import { ApiError, constraintError, invalidConfiguration } from '../api-error.js';
import { type QueryParams, requiredText, structuresOf, textsOf, wholeNumber } from '../query.js';
import type { XmlFields } from '../xml.js';
import { listenerNotFound } from './listeners.js';
import { balancerOf } from './lookup.js';
import { knownPolicyTypes, policyTypesXml, SAMPLE_POLICIES } from './policy-types.js';

/** Policies are records: those that would change traffic cannot be put in force, so that nothing is told that is not so. */
const WITHOUT_EFFECT = ['SSLNegotiationPolicyType'];

/** Policies of listeners and of the back end. */
export const CLASSIC_POLICY_ACTIONS: ActionTable = {
  CreateAppCookieStickinessPolicy: creator((params) => ({
    typeName: 'AppCookieStickinessPolicyType',
    attributes: [['CookieName', requiredText(params, 'CookieName')]],
  })),
  CreateLBCookieStickinessPolicy: creator((params) => {
    const seconds = wholeNumber(params, 'CookieExpirationPeriod', { min: 1, max: 999_999_999 });
    return {
      typeName: 'LBCookieStickinessPolicyType',
      attributes: seconds === undefined ? [] : [['CookieExpirationPeriod', String(seconds)]],
    };
  }),
  CreateLoadBalancerPolicy: creator((params) => {
    const typeName = requiredText(params, 'PolicyTypeName');
    if (!knownPolicyTypes().includes(typeName)) throw policyTypeNotFound(typeName);
    const attributes = (structuresOf(params, 'PolicyAttributes') ?? []).map((each): readonly [string, string] => [
      requiredText(each, 'AttributeName', 'PolicyAttributes.member.AttributeName'),
      each.get('AttributeValue') ?? '',
    ]);
    return { typeName, attributes };
  }),
  DeleteLoadBalancerPolicy: {
    changes: true,
    run: (params, account) => {
      const balancer = balancerOf(params, account);
      const name = requiredText(params, 'PolicyName');
      const users = [...balancer.listeners.map((each) => each.policyNames), ...balancer.backendPolicies.values()];
      if (users.flat().includes(name)) throw invalidConfiguration(`Policy ${name} is in use and cannot be deleted.`);
      balancer.policies.delete(name);
      return {};
    },
  },
  DescribeLoadBalancerPolicies: {
    changes: false,
    run: (params, account) => {
      const ofBalancer = params.has('LoadBalancerName') ? balancerOf(params, account).policies : null;
      const policies = ofBalancer ?? SAMPLE_POLICIES;
      const names = textsOf(params, 'PolicyNames');
      const wanted = names === undefined || names.length === 0 ? [...policies.keys()] : names;
      return {
        PolicyDescriptions: wanted.map((name) => {
          const policy = policies.get(name);
          if (policy === undefined) throw policyNotFound(name);
          return policyXml(name, policy);
        }),
      };
    },
  },
  DescribeLoadBalancerPolicyTypes: {
    changes: false,
    run: (params) => {
      const names = textsOf(params, 'PolicyTypeNames') ?? [];
      const strange = names.find((name) => !knownPolicyTypes().includes(name));
      if (strange !== undefined) throw policyTypeNotFound(strange);
      return { PolicyTypeDescriptions: policyTypesXml(names) };
    },
  },
  SetLoadBalancerPoliciesOfListener: {
    changes: true,
    run: (params, account) => {
      const balancer = balancerOf(params, account);
      const port = portOf(params, 'LoadBalancerPort');
      const listener = balancer.listenerAt(port);
      if (listener === undefined || listener === 'starting') throw listenerNotFound(balancer.identity.name, port);
      balancer.setPolicies(port, policyNamesOf(params, balancer));
      return {};
    },
  },
  SetLoadBalancerPoliciesForBackendServer: {
    changes: true,
    run: (params, account) => {
      const balancer = balancerOf(params, account);
      const port = portOf(params, 'InstancePort');
      const names = policyNamesOf(params, balancer);
      if (names.length === 0) balancer.backendPolicies.delete(port);
      else balancer.backendPolicies.set(port, names);
      return {};
    },
  },
};

/** `Policies` of DescribeLoadBalancers: cookie policies have shapes of their own. */
export function policiesXml(balancer: LoadBalancer): XmlFields {
  const named = (typeName: string): readonly [string, Policy][] =>
    [...balancer.policies].filter(([, policy]) => policy.typeName === typeName);
  const attribute = (policy: Policy, name: string): string | undefined =>
    policy.attributes.find(([key]) => key === name)?.[1];
  const cookies = ['AppCookieStickinessPolicyType', 'LBCookieStickinessPolicyType'];
  return {
    AppCookieStickinessPolicies: named(cookies[0]!).map(([PolicyName, policy]) => ({
      PolicyName,
      CookieName: attribute(policy, 'CookieName'),
    })),
    LBCookieStickinessPolicies: named(cookies[1]!).map(([PolicyName, policy]) => ({
      PolicyName,
      CookieExpirationPeriod: attribute(policy, 'CookieExpirationPeriod'),
    })),
    OtherPolicies: [...balancer.policies]
      .filter(([, { typeName }]) => !cookies.includes(typeName))
      .map(([name]) => name),
  };
}

function creator(policyOf: (params: QueryParams) => Policy): ActionTable[string] {
  return {
    changes: true,
    run: (params, account) => {
      const balancer = balancerOf(params, account);
      const name = requiredText(params, 'PolicyName');
      const policy = policyOf(params);
      if (balancer.policies.has(name)) {
        throw new ApiError(
          'DuplicatePolicyName',
          `Policy ${name} already exists for load balancer ${balancer.identity.name}`,
        );
      }
      balancer.policies.set(name, policy);
      return {};
    },
  };
}

function policyNamesOf(params: QueryParams, balancer: LoadBalancer): readonly string[] {
  const names = textsOf(params, 'PolicyNames');
  // An empty list clears, and some clients write it as nothing at all.
  if (names === undefined) return [];
  for (const name of names) {
    const policy = balancer.policies.get(name);
    if (policy === undefined) throw policyNotFound(name);
    if (!WITHOUT_EFFECT.includes(policy.typeName)) {
      throw invalidConfiguration(`The lab's nodes cannot do what policy ${name} (${policy.typeName}) asks.`);
    }
  }
  return [...new Set(names)];
}

function portOf(params: QueryParams, name: string): number {
  if (!params.has(name)) throw constraintError(null, `${name.charAt(0).toLowerCase()}${name.slice(1)}`, 'not be null');
  return wholeNumber(params, name, { min: 1, max: 65_535 })!;
}

function policyXml(PolicyName: string, policy: Policy): XmlFields {
  return {
    PolicyName,
    PolicyTypeName: policy.typeName,
    PolicyAttributeDescriptions: policy.attributes.map(([AttributeName, AttributeValue]) => ({
      AttributeName,
      AttributeValue,
    })),
  };
}

function policyNotFound(name: string): ApiError {
  return new ApiError('PolicyNotFound', `There is no policy with name ${name}`);
}

function policyTypeNotFound(name: string): ApiError {
  return new ApiError('PolicyTypeNotFound', `Policy type '${name}' does not exist`);
}
