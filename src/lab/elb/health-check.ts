import type { LabKnobs } from '../knobs.js';
import type { NodeHealthCheck } from './node-view-port.js';

/** A health check as the API speaks of it: times in whole seconds. */
export interface HealthCheckRecord {
  readonly Target: string;
  readonly Interval: number;
  readonly Timeout: number;
  readonly UnhealthyThreshold: number;
  readonly HealthyThreshold: number;
}

/** Where the lab's applications answer health checks. */
export const LAB_HEALTH_PATH = '/health';

/** The instance port the API speaks of; every instance port stands for the instance's one real port. */
export const LAB_INSTANCE_PORT = 80;

/** The check the lab's own balancer starts with. */
export function initialHealthCheck(knobs: LabKnobs): {
  readonly record: HealthCheckRecord;
  readonly check: NodeHealthCheck;
} {
  return {
    record: {
      Target: `HTTP:${LAB_INSTANCE_PORT}${LAB_HEALTH_PATH}`,
      // The API knows whole seconds only; a faster check is told as the next one up, so that no plan built on it is short.
      Interval: Math.max(1, Math.ceil(knobs.healthIntervalMs / 1000)),
      Timeout: Math.max(1, Math.ceil(knobs.healthTimeoutMs / 1000)),
      UnhealthyThreshold: knobs.unhealthyThreshold,
      HealthyThreshold: knobs.healthyThreshold,
    },
    check: {
      kind: 'http',
      path: LAB_HEALTH_PATH,
      intervalMs: knobs.healthIntervalMs,
      timeoutMs: knobs.healthTimeoutMs,
      unhealthyThreshold: knobs.unhealthyThreshold,
      healthyThreshold: knobs.healthyThreshold,
      initialChecks: knobs.initialHealthyChecks,
    },
  };
}

/** AWS's check for a balancer made through the API: TCP to the first listener's instance port. */
export function defaultHealthCheck(instancePort: number): HealthCheckRecord {
  return { Target: `TCP:${instancePort}`, Interval: 30, Timeout: 5, UnhealthyThreshold: 2, HealthyThreshold: 10 };
}

/** The node's check for a record set through the API; such values are real seconds, not scaled by `timeScale`. */
export function nodeHealthCheck(record: HealthCheckRecord, initialChecks: number): NodeHealthCheck {
  const slash = record.Target.indexOf('/');
  return {
    kind: record.Target.startsWith('HTTP:') ? 'http' : 'tcp',
    path: slash < 0 ? '/' : record.Target.slice(slash),
    intervalMs: record.Interval * 1000,
    timeoutMs: record.Timeout * 1000,
    unhealthyThreshold: record.UnhealthyThreshold,
    healthyThreshold: record.HealthyThreshold,
    initialChecks,
  };
}
