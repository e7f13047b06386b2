import type { ActionTable } from '../action.js';
import { invalidConfiguration } from '../api-error.js';

const LIMITS: Readonly<Record<string, string>> = {
  'application-load-balancers': '50',
  'listeners-per-application-load-balancer': '50',
  'listeners-per-network-load-balancer': '50',
  'network-load-balancers': '50',
  'rules-per-application-load-balancer': '100',
  'target-groups': '3000',
  'targets-per-application-load-balancer': '1000',
  'targets-per-network-load-balancer': '3000',
};

const ONE_RULE = "The lab's listeners have their default rule only.";

/** Account limits, TLS policies, and the rules the lab has not: a clear refusal instead of an unknown operation. */
export const V2_OTHER_ACTIONS: ActionTable = {
  DescribeAccountLimits: {
    changes: false,
    run: () => ({ Limits: Object.entries(LIMITS).map(([Name, Max]) => ({ Name, Max })) }),
  },
  DescribeSSLPolicies: {
    changes: false,
    run: () => ({
      SslPolicies: [
        {
          SslProtocols: ['TLSv1.2'],
          Ciphers: [{ Name: 'ECDHE-RSA-AES128-GCM-SHA256', Priority: 1 }],
          Name: 'ELBSecurityPolicy-2016-08',
          SupportedLoadBalancerTypes: ['application', 'network'],
        },
      ],
    }),
  },
  ...Object.fromEntries(
    ['CreateRule', 'ModifyRule', 'DeleteRule', 'SetRulePriorities'].map((name) => [
      name,
      {
        changes: true,
        run: () => {
          throw invalidConfiguration(ONE_RULE);
        },
      },
    ]),
  ),
};
