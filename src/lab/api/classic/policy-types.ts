import type { Policy } from '../../elb/balancer-record.js';
import type { XmlFields } from '../xml.js';

/** Policy types of Classic ELB with their attributes: name, type, cardinality (DescribeLoadBalancerPolicyTypes). */
const TYPES: Readonly<
  Record<string, { readonly description: string; readonly attributes: readonly (readonly [string, string, string])[] }>
> = {
  AppCookieStickinessPolicyType: {
    description:
      'Stickiness policy with session lifetimes controlled by the lifetime of the application-generated cookie.',
    attributes: [['CookieName', 'String', 'ONE']],
  },
  LBCookieStickinessPolicyType: {
    description:
      'Stickiness policy with session lifetimes controlled by the browser (user-agent) or a specified expiration.',
    attributes: [['CookieExpirationPeriod', 'Long', 'ZERO_OR_ONE']],
  },
  ProxyProtocolPolicyType: {
    description:
      'Policy that controls whether to include the IP address and port of the originating request for TCP messages.',
    attributes: [['ProxyProtocol', 'Boolean', 'ONE']],
  },
  PublicKeyPolicyType: {
    description: 'Policy containing a list of public keys to accept when authenticating the back-end server(s).',
    attributes: [['PublicKey', 'String', 'ONE']],
  },
  BackendServerAuthenticationPolicyType: {
    description: 'Policy that controls authentication to back-end server(s) and contains one or more policies.',
    attributes: [['PublicKeyPolicyName', 'PolicyName', 'ONE_OR_MORE']],
  },
  SSLNegotiationPolicyType: {
    description: 'Listener policy that defines the ciphers and protocols that will be accepted by the load balancer.',
    attributes: [
      ['Reference-Security-Policy', 'String', 'ZERO_OR_ONE'],
      ['Protocol-TLSv1.2', 'Boolean', 'ZERO_OR_ONE'],
      ['Server-Defined-Cipher-Order', 'Boolean', 'ZERO_OR_ONE'],
    ],
  },
};

/** What DescribeLoadBalancerPolicies answers when no balancer is named: AWS's own sample policies, the current one. */
export const SAMPLE_POLICIES: ReadonlyMap<string, Policy> = new Map([
  [
    'ELBSecurityPolicy-2016-08',
    {
      typeName: 'SSLNegotiationPolicyType',
      attributes: [
        ['Reference-Security-Policy', 'ELBSecurityPolicy-2016-08'],
        ['Protocol-TLSv1.2', 'true'],
        ['Server-Defined-Cipher-Order', 'true'],
      ],
    },
  ],
]);

/** The names CreateLoadBalancerPolicy takes. */
export function knownPolicyTypes(): readonly string[] {
  return Object.keys(TYPES);
}

/** Descriptions of the given types, or of all. */
export function policyTypesXml(names: readonly string[]): readonly XmlFields[] {
  return Object.entries(TYPES)
    .filter(([name]) => names.length === 0 || names.includes(name))
    .map(([PolicyTypeName, { description, attributes }]) => ({
      PolicyTypeName,
      Description: description,
      PolicyAttributeTypeDescriptions: attributes.map(([AttributeName, AttributeType, Cardinality]) => ({
        AttributeName,
        AttributeType,
        Cardinality,
      })),
    }));
}
