import type { LoadBalancerAttributes } from '../../elb/balancer-record.js';
import type { ActionTable } from '../action.js';
import { ApiError, constraintError, invalidConfiguration } from '../api-error.js';
import { flagOf, type QueryParams, requiredText, structureOf, structuresOf, wholeNumber } from '../query.js';
import type { XmlFields } from '../xml.js';
import { balancerOf } from './lookup.js';

const DESYNC_KEY = 'elb.http.desyncmitigationmode';
const DESYNC_MODES = ['monitor', 'defensive', 'strictest'];

/** Describe and ModifyLoadBalancerAttributes; Modify answers with what it changed and nothing else. */
export const CLASSIC_ATTRIBUTE_ACTIONS: ActionTable = {
  DescribeLoadBalancerAttributes: {
    changes: false,
    run: (params, account) => {
      const attributes = balancerOf(params, account).attributes;
      return {
        LoadBalancerAttributes: { AccessLog: { Enabled: false }, ...attributesXml(attributes, attributes) },
      };
    },
  },
  ModifyLoadBalancerAttributes: {
    changes: true,
    run: (params, account) => {
      const balancer = balancerOf(params, account);
      const given = structureOf(params, 'LoadBalancerAttributes');
      if (given === undefined) throw constraintError(null, 'loadBalancerAttributes', 'not be null');
      const changes = changesOf(given, balancer.attributes);
      const accessLog = accessLogOf(given);
      balancer.modifyAttributes(changes);
      return {
        LoadBalancerName: balancer.identity.name,
        LoadBalancerAttributes: { ...accessLog, ...attributesXml(balancer.attributes, changes) },
      };
    },
  },
};

/** The attributes named in `shown`, with their values of now. */
function attributesXml(now: LoadBalancerAttributes, shown: Partial<LoadBalancerAttributes>): XmlFields {
  return {
    ...(shown.crossZone !== undefined && { CrossZoneLoadBalancing: { Enabled: now.crossZone } }),
    ...(shown.drain !== undefined && {
      ConnectionDraining: { Enabled: now.drain.enabled, Timeout: wholeSeconds(now.drain.timeoutMs) },
    }),
    ...(shown.idleTimeoutMs !== undefined && { ConnectionSettings: { IdleTimeout: wholeSeconds(now.idleTimeoutMs) } }),
    ...(shown.desyncMode !== undefined && { AdditionalAttributes: [{ Key: DESYNC_KEY, Value: now.desyncMode }] }),
  };
}

/** The API knows whole seconds only. */
function wholeSeconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000));
}

function changesOf(given: QueryParams, now: LoadBalancerAttributes): Partial<LoadBalancerAttributes> {
  const changes: { -readonly [K in keyof LoadBalancerAttributes]?: LoadBalancerAttributes[K] } = {};
  const crossZone = structureOf(given, 'CrossZoneLoadBalancing');
  if (crossZone !== undefined) changes.crossZone = enabledOf(crossZone, 'CrossZoneLoadBalancing');
  const draining = structureOf(given, 'ConnectionDraining');
  if (draining !== undefined) {
    const enabled = enabledOf(draining, 'ConnectionDraining');
    const path = 'LoadBalancerAttributes.ConnectionDraining.Timeout';
    const seconds = wholeNumber(draining, 'Timeout', { min: 1, max: 3600, path });
    changes.drain = { enabled, timeoutMs: seconds === undefined ? now.drain.timeoutMs : seconds * 1000 };
  }
  const settings = structureOf(given, 'ConnectionSettings');
  if (settings !== undefined) {
    const path = 'LoadBalancerAttributes.ConnectionSettings.IdleTimeout';
    requiredText(settings, 'IdleTimeout', path);
    const seconds = wholeNumber(settings, 'IdleTimeout', { min: 1, max: 3600, path })!;
    if (seconds !== wholeSeconds(now.idleTimeoutMs)) {
      throw invalidConfiguration("The lab's idle timeout is set when it starts (knob idleTimeoutMs).");
    }
    changes.idleTimeoutMs = now.idleTimeoutMs;
  }
  const desyncMode = desyncModeOf(given);
  if (desyncMode !== undefined) changes.desyncMode = desyncMode;
  return changes;
}

function enabledOf(structure: QueryParams, name: string): boolean {
  const path = `LoadBalancerAttributes.${name}.Enabled`;
  const enabled = flagOf(structure, 'Enabled', path);
  if (enabled === undefined)
    throw constraintError(
      null,
      `loadBalancerAttributes.${name.charAt(0).toLowerCase()}${name.slice(1)}.enabled`,
      'not be null',
    );
  return enabled;
}

function accessLogOf(given: QueryParams): XmlFields {
  const accessLog = structureOf(given, 'AccessLog');
  if (accessLog === undefined) return {};
  if (enabledOf(accessLog, 'AccessLog')) throw invalidConfiguration('The lab has no S3 to write access logs to.');
  return { AccessLog: { Enabled: false } };
}

function desyncModeOf(given: QueryParams): string | undefined {
  let mode: string | undefined;
  for (const attribute of structuresOf(given, 'AdditionalAttributes') ?? []) {
    const key = attribute.get('Key') ?? '';
    if (key !== DESYNC_KEY) {
      throw new ApiError('LoadBalancerAttributeNotFound', `Load balancer attribute '${key}' is not supported`);
    }
    const value = attribute.get('Value') ?? '';
    if (!DESYNC_MODES.includes(value)) {
      throw invalidConfiguration(`Attribute '${DESYNC_KEY}' must be one of ${DESYNC_MODES.join(', ')}.`);
    }
    mode = value;
  }
  return mode;
}
