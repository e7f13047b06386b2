import type { Place } from '../domain/comparison.js';
import type { Scenario } from '../domain/scenario.js';

/**
 * Where a scenario's runs belong. The name tells balancers of one name apart: by region, and by endpoint where it is
 * not AWS's own, which may well be a lab started by hand.
 */
export function placeOf({ environment, balancer }: Pick<Scenario, 'environment' | 'balancer'>): Place {
  const { kind, name } = balancer;
  if (kind === 'lab') return { environment, balancerKind: kind, balancerName: `${name} (${balancer.preset})` };
  if (balancer.kind === 'haproxy')
    return { environment, balancerKind: kind, balancerName: `${name} at ${balancer.socket}` };
  const where = balancer.endpoint === null ? `in ${balancer.region}` : `at ${balancer.endpoint}`;
  return { environment, balancerKind: kind, balancerName: `${name} ${where}` };
}

/** The key observations are pooled by: never over two environments, kinds or balancers. */
export function placeKey({ environment, balancerKind, balancerName }: Place): string {
  return JSON.stringify([environment, balancerKind, balancerName]);
}
