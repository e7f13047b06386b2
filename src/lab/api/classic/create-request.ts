import type { LoadBalancerRequest } from '../../elb/account.js';
import type { Listener } from '../../elb/load-balancer.js';
import { ApiError, constraintError, invalidConfiguration, validationError } from '../api-error.js';
import { type QueryParams, requiredText, structuresOf, textsOf, wholeNumber } from '../query.js';
import { tagsOf } from './tags.js';

/** CreateLoadBalancer's parameters, checked. */
export function createRequestOf(params: QueryParams, regionZones: readonly string[]): LoadBalancerRequest {
  const name = checkedName(requiredText(params, 'LoadBalancerName'));
  const listeners = (structuresOf(params, 'Listeners') ?? []).map(listenerOf);
  const [first, ...others] = listeners;
  if (first === undefined) throw constraintError(null, 'listeners', 'not be null');
  if (new Set(listeners.map((listener) => listener.LoadBalancerPort)).size < listeners.length) {
    throw new ApiError('DuplicateListener', `A listener already exists for ${name} with the same port`);
  }
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

function listenerOf(params: QueryParams): Listener {
  const protocolOf = (field: string, fallback?: string): string => {
    const protocol = (
      params.get(field) ??
      fallback ??
      requiredText(params, field, `Listeners.member.${field}`)
    ).toUpperCase();
    if (['HTTPS', 'SSL', 'TCP'].includes(protocol)) {
      throw invalidConfiguration(`The lab's balancers speak HTTP only, not ${protocol}.`);
    }
    if (protocol !== 'HTTP')
      throw validationError(`Listener protocol '${protocol}' must be one of HTTP, TCP, HTTPS, SSL`);
    return protocol;
  };
  const portOf = (field: string): number => {
    const path = `Listeners.member.${field}`;
    requiredText(params, field, path);
    return wholeNumber(params, field, { min: 1, max: 65_535, path })!;
  };
  return {
    Protocol: protocolOf('Protocol'),
    LoadBalancerPort: portOf('LoadBalancerPort'),
    InstanceProtocol: protocolOf('InstanceProtocol', 'HTTP'),
    InstancePort: portOf('InstancePort'),
  };
}
