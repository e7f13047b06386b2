import type { BalancerConfig } from '../domain/scenario.js';

/** Which load balancer it is, in a few words. Its names come from the scenario: escape before showing. */
export function balancerWords(balancer: BalancerConfig): string {
  if (balancer.kind === 'lab') return `the lab (${balancer.preset})`;
  if (balancer.kind === 'haproxy') return `${balancer.name} of the HAProxy at ${balancer.socket}`;
  return `${balancer.name} in ${balancer.region}`;
}
