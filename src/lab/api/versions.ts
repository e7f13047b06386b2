import type { Action, ApiVersion } from './action.js';
import type { AnswerShape } from './answer.js';
import { ApiError } from './api-error.js';
import { AUTOSCALING_ACTIONS } from './aws/autoscaling.js';
import { EC2_ACTIONS } from './aws/ec2.js';
import { CLASSIC_ATTRIBUTE_ACTIONS } from './classic/attributes.js';
import { CLASSIC_HEALTH_ACTIONS } from './classic/health.js';
import { CLASSIC_LISTENER_ACTIONS } from './classic/listeners.js';
import { CLASSIC_LOAD_BALANCER_ACTIONS } from './classic/load-balancers.js';
import { CLASSIC_MEMBERSHIP_ACTIONS } from './classic/membership.js';
import { CLASSIC_PLACEMENT_ACTIONS } from './classic/placement.js';
import { CLASSIC_POLICY_ACTIONS } from './classic/policies.js';
import { CLASSIC_TAG_ACTIONS } from './classic/tags.js';
import { V2_OTHER_ACTIONS } from './v2/limits.js';
import { V2_LISTENER_ACTIONS } from './v2/listeners.js';
import { V2_LOAD_BALANCER_ACTIONS } from './v2/load-balancers.js';
import { V2_TAG_ACTIONS } from './v2/tags.js';
import { V2_GROUP_ACTIONS } from './v2/target-groups.js';
import { V2_TARGET_ACTIONS } from './v2/targets.js';

/** Every API shares one endpoint; they are told apart by `Version` alone. */
export const API_VERSIONS: Readonly<Record<string, ApiVersion>> = {
  '2012-06-01': {
    dialect: 'query',
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
  '2015-12-01': {
    dialect: 'query',
    namespace: 'http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/',
    actions: {
      ...V2_TARGET_ACTIONS,
      ...V2_GROUP_ACTIONS,
      ...V2_LOAD_BALANCER_ACTIONS,
      ...V2_LISTENER_ACTIONS,
      ...V2_TAG_ACTIONS,
      ...V2_OTHER_ACTIONS,
    },
  },
  '2016-11-15': {
    dialect: 'ec2',
    namespace: 'http://ec2.amazonaws.com/doc/2016-11-15/',
    actions: EC2_ACTIONS,
  },
  '2011-01-01': {
    dialect: 'query',
    namespace: 'http://autoscaling.amazonaws.com/doc/2011-01-01/',
    actions: AUTOSCALING_ACTIONS,
  },
};

/** The API of a version; undefined for a version nobody knows. */
export function versionOf(version: string | undefined): ApiVersion | undefined {
  return version !== undefined && Object.hasOwn(API_VERSIONS, version) ? API_VERSIONS[version] : undefined;
}

/** Answers to requests whose version says nothing look like Classic ELB's. */
export const DEFAULT_SHAPE: AnswerShape = {
  dialect: 'query',
  namespace: 'http://elasticloadbalancing.amazonaws.com/doc/2012-06-01/',
};

/** The action a request asks for. */
export function actionOf(name: string | undefined, version: string | undefined): Action {
  if (name === undefined || name === '') {
    throw new ApiError('MissingAction', 'The request must contain the parameter Action.');
  }
  const actions = versionOf(version)?.actions ?? {};
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (action === undefined) {
    const shown = version === undefined || version === '' ? 'NO_VERSION_SPECIFIED' : version;
    throw new ApiError('InvalidAction', `Could not find operation ${name} for version ${shown}`);
  }
  return action;
}
