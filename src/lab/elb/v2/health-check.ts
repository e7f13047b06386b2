import type { LabKnobs } from '../../knobs.js';
import { LAB_HEALTH_PATH } from '../health-check.js';
import type { NodeHealthCheck } from '../node-view-port.js';

/** The two kinds of ELBv2 balancer the lab has. */
export type V2Type = 'application' | 'network';

/** A target group's health check as the API speaks of it: times in whole seconds. */
export interface V2HealthCheck {
  readonly enabled: boolean;
  readonly protocol: 'HTTP' | 'TCP';
  /** `traffic-port` or a number; every port stands for the instance's one real port. */
  readonly port: string;
  /** For HTTP only, as is `codes`. */
  readonly path: string;
  readonly codes: string;
  readonly intervalSeconds: number;
  readonly timeoutSeconds: number;
  readonly healthyThreshold: number;
  readonly unhealthyThreshold: number;
}

/** AWS's defaults; a network target group is checked by TCP. */
export function defaultV2HealthCheck(type: V2Type, protocol: 'HTTP' | 'TCP'): V2HealthCheck {
  const application = type === 'application';
  return {
    enabled: true,
    protocol,
    port: 'traffic-port',
    path: '/',
    codes: application ? '200' : '200-399',
    intervalSeconds: 30,
    timeoutSeconds: application ? 5 : protocol === 'HTTP' ? 6 : 10,
    healthyThreshold: 5,
    unhealthyThreshold: 2,
  };
}

/** The check the lab's own target group starts with; a check faster than a second is told as one of a second. */
export function initialV2HealthCheck(
  type: V2Type,
  knobs: LabKnobs,
): { readonly record: V2HealthCheck; readonly check: NodeHealthCheck } {
  const seconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1000));
  const record: V2HealthCheck = {
    ...defaultV2HealthCheck(type, 'HTTP'),
    path: LAB_HEALTH_PATH,
    codes: '200',
    intervalSeconds: seconds(knobs.healthIntervalMs),
    timeoutSeconds: seconds(knobs.healthTimeoutMs),
    healthyThreshold: knobs.healthyThreshold,
    unhealthyThreshold: knobs.unhealthyThreshold,
  };
  const check = { ...v2NodeCheck(record), intervalMs: knobs.healthIntervalMs, timeoutMs: knobs.healthTimeoutMs };
  return { record, check: { ...check, initialChecks: knobs.initialHealthyChecks } };
}

/** The nodes' check for a record: the first passed check makes a new target healthy (alb:target-group-health-checks). */
export function v2NodeCheck(record: V2HealthCheck): NodeHealthCheck {
  return {
    kind: record.protocol === 'HTTP' ? 'http' : 'tcp',
    path: record.path,
    codes: codeRanges(record.codes) ?? [[200, 200]],
    intervalMs: record.intervalSeconds * 1000,
    timeoutMs: record.timeoutSeconds * 1000,
    unhealthyThreshold: record.unhealthyThreshold,
    healthyThreshold: record.healthyThreshold,
    initialChecks: 1,
  };
}

/** `200`, `200,202` or `200-299` as inclusive ranges of statuses; null when it is none of these. */
export function codeRanges(text: string): readonly (readonly [number, number])[] | null {
  const ranges: (readonly [number, number])[] = [];
  for (const part of text.split(',')) {
    const match = /^([2-5]\d\d)(?:-([2-5]\d\d))?$/.exec(part.trim());
    if (match === null) return null;
    const [lo, hi] = [Number(match[1]), Number(match[2] ?? match[1])];
    if (lo > hi || hi > 499) return null;
    ranges.push([lo, hi]);
  }
  return ranges;
}
