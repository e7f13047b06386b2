import type { Account, LoadBalancerRequest } from '../../elb/account.js';
import { ApiError, constraintError, validationError } from '../api-error.js';
import { type QueryParams, requiredText, textsOf } from '../query.js';
import { listenersOf } from './listener-params.js';
import { tagsOf } from './tags.js';

/** CreateLoadBalancer's parameters, checked. */
export function createRequestOf(params: QueryParams, account: Account): LoadBalancerRequest {
  const regionZones = account.zones;
  const name = checkedName(requiredText(params, 'LoadBalancerName'));
  const [first, ...others] = listenersOf(params, name, account.options.protocols);
  if (first === undefined) throw constraintError(null, 'listeners', 'not be null');
  const zones = textsOf(params, 'AvailabilityZones') ?? [];
  const subnets = textsOf(params, 'Subnets') ?? [];
  if (zones.length > 0 && subnets.length > 0) {
    throw validationError('Only one of SubnetIds or AvailabilityZones may be specified');
  }
  if (zones.length === 0 && subnets.length === 0) {
    throw validationError('Either AvailabilityZones or SubnetIds must be specified');
  }
  const strange = zones.find((zone) => !regionZones.includes(zone));
  if (strange !== undefined) throw validationError(`Invalid Availability Zone: ${strange}`);
  const scheme = params.get('Scheme') ?? 'internet-facing';
  if (scheme !== 'internet-facing' && scheme !== 'internal') {
    throw new ApiError(
      'InvalidScheme',
      'The specified value for the schema is not valid. You can only specify internal.',
    );
  }
  return {
    name,
    scheme,
    listeners: [first, ...others],
    // The lab's subnets are one per zone, in order.
    zones: [...new Set(zones.length > 0 ? zones : regionZones.slice(0, subnets.length))],
    subnets,
    securityGroups: textsOf(params, 'SecurityGroups') ?? [],
    tags: tagsOf(params) ?? new Map(),
  };
}

function checkedName(name: string): string {
  if (name.length > 32) throw validationError('LoadBalancer name cannot be longer than 32 characters');
  if (!/^[A-Za-z0-9-]+$/.test(name)) {
    throw validationError('LoadBalancer name must contain only alphanumeric characters or hyphens');
  }
  if (name.startsWith('-') || name.endsWith('-')) {
    throw validationError('LoadBalancer name cannot begin or end with a hyphen');
  }
  return name;
}
