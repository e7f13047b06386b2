import type { Account } from '../../elb/account.js';
import type { LoadBalancer } from '../../elb/load-balancer.js';
import { constraintError, invalidInstance, loadBalancerNotFound } from '../api-error.js';
import { type QueryParams, requiredText, structuresOf } from '../query.js';

/** The balancer named by `LoadBalancerName`. */
export function balancerOf(params: QueryParams, account: Account): LoadBalancer {
  return balancerNamed(requiredText(params, 'LoadBalancerName'), account);
}

/** The balancer of that name. */
export function balancerNamed(name: string, account: Account): LoadBalancer {
  const balancer = account.find(name);
  if (balancer === undefined) throw loadBalancerNotFound(name);
  return balancer;
}

/** `Instances.member.N.InstanceId`, each once, all known to the account; null when the list is absent. */
export function instanceIdsOf(params: QueryParams, account: Account): readonly string[] | null {
  const members = structuresOf(params, 'Instances');
  if (members === undefined) return null;
  const ids = new Set(
    members.map((member, index) => requiredText(member, 'InstanceId', `Instances.${index + 1}.member.InstanceId`)),
  );
  for (const id of ids) {
    if (!account.instances.has(id)) throw invalidInstance(id);
  }
  return [...ids];
}

/** The same, for actions that cannot do without. */
export function requiredInstanceIdsOf(params: QueryParams, account: Account): readonly string[] {
  const ids = instanceIdsOf(params, account);
  if (ids === null || ids.length === 0) throw constraintError(null, 'instances', 'not be null');
  return ids;
}
