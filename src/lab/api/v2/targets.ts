import type { Account } from '../../elb/account.js';
import type { TargetGroup, TargetName } from '../../elb/v2/target-group.js';
import type { ActionTable } from '../action.js';
import { ApiError, constraintError } from '../api-error.js';
import { type QueryParams, requiredText, structuresOf, wholeNumber } from '../query.js';
import { groupOf } from './lookup.js';

/** RegisterTargets, DeregisterTargets, DescribeTargetHealth: the answers come long before traffic has moved. */
export const V2_TARGET_ACTIONS: ActionTable = {
  RegisterTargets: {
    changes: true,
    run: (params, account) => {
      const group = groupOf(params, account);
      const targets = requiredTargetsOf(params, group);
      const strange = [...new Set(targets.map(({ id }) => id))].filter((id) => !account.instances.has(id));
      if (strange.length > 0) {
        const shown = strange.map((id) => `'${id}'`).join(', ');
        throw invalidTarget(`The following targets are not in a running state and cannot be registered: ${shown}`);
      }
      group.register(targets);
      return {};
    },
  },
  DeregisterTargets: {
    changes: true,
    run: (params, account) => {
      const group = groupOf(params, account);
      // A target that is not registered, or not known at all, is no error.
      group.deregister(requiredTargetsOf(params, group));
      return {};
    },
  },
  DescribeTargetHealth: {
    changes: false,
    run: (params, account) => {
      const group = groupOf(params, account);
      const targets = targetsOf(params, group);
      const named = targets === undefined || targets.length === 0 ? null : targets;
      for (const target of named ?? []) checkKnown(target, group, account);
      return {
        TargetHealthDescriptions: group.describedHealth(named).map(({ name, health }) => ({
          Target: { Id: name.id, Port: name.port },
          HealthCheckPort: group.healthCheck.port === 'traffic-port' ? String(name.port) : group.healthCheck.port,
          TargetHealth: { ...health },
        })),
      };
    },
  },
};

function checkKnown(target: TargetName, group: TargetGroup, account: Account): void {
  if (account.instances.has(target.id) && !group.unknownYet(target)) return;
  throw invalidTarget(`The following targets are not valid: '${target.id}'`);
}

function invalidTarget(message: string): ApiError {
  return new ApiError('InvalidTarget', message);
}

/** `Targets.member.N`, each once; the group's port where none is given. Undefined when the list is absent. */
function targetsOf(params: QueryParams, group: TargetGroup): readonly TargetName[] | undefined {
  const given = structuresOf(params, 'Targets');
  if (given === undefined) return undefined;
  const targets = given.map((member) => ({
    id: requiredText(member, 'Id', 'Targets.member.Id'),
    port: wholeNumber(member, 'Port', { min: 1, max: 65_535, path: 'Targets.member.Port' }) ?? group.identity.port,
  }));
  return [...new Map(targets.map((target) => [`${target.id}:${target.port}`, target])).values()];
}

function requiredTargetsOf(params: QueryParams, group: TargetGroup): readonly TargetName[] {
  const targets = targetsOf(params, group);
  if (targets === undefined || targets.length === 0) throw constraintError(null, 'targets', 'not be null');
  if (targets.length > 1_000) {
    throw new ApiError('TooManyTargets', 'You have reached the limit on the number of targets in a request');
  }
  return targets;
}
