import type { Account } from '../../elb/account.js';
import type { TargetGroup } from '../../elb/v2/target-group.js';
import type { V2Balancer, V2Listener } from '../../elb/v2/v2-balancer.js';
import { ApiError, validationError } from '../api-error.js';
import { type QueryParams, requiredText } from '../query.js';

/** The balancer of `LoadBalancerArn`. */
export function balancerOf(params: QueryParams, account: Account): V2Balancer {
  return balancerByArn(requiredText(params, 'LoadBalancerArn'), account);
}

/** The balancer of an ARN. */
export function balancerByArn(arn: string, account: Account): V2Balancer {
  const balancer = account.v2.balancers.get(arn);
  if (balancer !== undefined) return balancer;
  checkArn(arn, 'load balancer', ':loadbalancer/');
  throw new ApiError('LoadBalancerNotFound', `Load balancer '${arn}' not found`);
}

/** The target group of `TargetGroupArn`. */
export function groupOf(params: QueryParams, account: Account): TargetGroup {
  return groupByArn(requiredText(params, 'TargetGroupArn'), account);
}

/** The target group of an ARN. */
export function groupByArn(arn: string, account: Account): TargetGroup {
  const group = account.v2.groups.get(arn);
  if (group !== undefined) return group;
  checkArn(arn, 'target group', ':targetgroup/');
  throw groupsNotFound();
}

/** What naming an unknown target group answers. */
export function groupsNotFound(): ApiError {
  return new ApiError('TargetGroupNotFound', 'One or more target groups not found');
}

/** The listener of an ARN. */
export function listenerByArn(arn: string, account: Account): V2Listener {
  const listener = account.v2.listeners.find((each) => each.arn === arn);
  if (listener !== undefined) return listener;
  checkArn(arn, 'listener', ':listener/');
  throw new ApiError('ListenerNotFound', 'One or more listeners not found');
}

function checkArn(arn: string, what: string, part: string): void {
  if (!arn.startsWith('arn:aws:elasticloadbalancing:') || !arn.includes(part)) {
    throw validationError(`'${arn}' is not a valid ${what} ARN`);
  }
}
