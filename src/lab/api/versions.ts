import type { Action, ApiVersion } from './action.js';
import { ApiError } from './api-error.js';
import { CLASSIC_ATTRIBUTE_ACTIONS } from './classic/attributes.js';
import { CLASSIC_HEALTH_ACTIONS } from './classic/health.js';
import { CLASSIC_LISTENER_ACTIONS } from './classic/listeners.js';
import { CLASSIC_LOAD_BALANCER_ACTIONS } from './classic/load-balancers.js';
import { CLASSIC_MEMBERSHIP_ACTIONS } from './classic/membership.js';
import { CLASSIC_PLACEMENT_ACTIONS } from './classic/placement.js';
import { CLASSIC_POLICY_ACTIONS } from './classic/policies.js';
import { CLASSIC_TAG_ACTIONS } from './classic/tags.js';

/** Classic ELB and ELBv2 share one endpoint and are told apart by `Version` alone. */
export const API_VERSIONS: Readonly<Record<string, ApiVersion>> = {
  '2012-06-01': {
    namespace: 'http://elasticloadbalancing.amazonaws.com/doc/2012-06-01/',
    actions: {
      ...CLASSIC_MEMBERSHIP_ACTIONS,
      ...CLASSIC_HEALTH_ACTIONS,
      ...CLASSIC_LOAD_BALANCER_ACTIONS,
      ...CLASSIC_ATTRIBUTE_ACTIONS,
      ...CLASSIC_LISTENER_ACTIONS,
      ...CLASSIC_PLACEMENT_ACTIONS,
      ...CLASSIC_POLICY_ACTIONS,
      ...CLASSIC_TAG_ACTIONS,
    },
  },
  // ELBv2: its actions go here; until then every one of them is an unknown operation of a known version.
  '2015-12-01': { namespace: 'http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/', actions: {} },
};

/** The namespace of answers to requests whose version says nothing. */
export const DEFAULT_NAMESPACE = 'http://elasticloadbalancing.amazonaws.com/doc/2012-06-01/';

/** The action a request asks for. */
export function actionOf(name: string | undefined, version: string | undefined): Action {
  if (name === undefined || name === '') {
    throw new ApiError('MissingAction', 'The request must contain the parameter Action.');
  }
  const actions = version !== undefined && Object.hasOwn(API_VERSIONS, version) ? API_VERSIONS[version]!.actions : {};
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (action === undefined) {
    const shown = version === undefined || version === '' ? 'NO_VERSION_SPECIFIED' : version;
    throw new ApiError('InvalidAction', `Could not find operation ${name} for version ${shown}`);
  }
  return action;
}
