import type { ActionTable } from '../action.js';
import type { XmlFields } from '../xml.js';
import { balancerOf, requiredInstanceIdsOf } from './lookup.js';

/** Register and Deregister: both answer with the record's list as it is now, long before traffic has moved. */
export const CLASSIC_MEMBERSHIP_ACTIONS: ActionTable = {
  RegisterInstancesWithLoadBalancer: {
    changes: true,
    run: (params, account) => {
      const balancer = balancerOf(params, account);
      balancer.register(requiredInstanceIdsOf(params, account));
      return { Instances: instancesXml(balancer.members()) };
    },
  },
  DeregisterInstancesFromLoadBalancer: {
    changes: true,
    run: (params, account) => {
      const balancer = balancerOf(params, account);
      // An instance that is known but not registered is no error.
      balancer.deregister(requiredInstanceIdsOf(params, account));
      return { Instances: instancesXml(balancer.members()) };
    },
  },
};

/** A list of instances as every answer writes it. */
export function instancesXml(ids: readonly string[]): readonly XmlFields[] {
  return ids.map((id) => ({ InstanceId: id }));
}
