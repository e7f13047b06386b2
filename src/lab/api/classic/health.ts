import type { HealthCheckRecord } from '../../elb/health-check.js';
import type { ActionTable } from '../action.js';
import { constraintError, invalidConfiguration, invalidInstance, validationError } from '../api-error.js';
import { type QueryParams, requiredText, structureOf, wholeNumber } from '../query.js';
import { balancerOf, instanceIdsOf } from './lookup.js';

/** DescribeInstanceHealth and ConfigureHealthCheck. */
export const CLASSIC_HEALTH_ACTIONS: ActionTable = {
  DescribeInstanceHealth: {
    changes: false,
    run: (params, account) => {
      const balancer = balancerOf(params, account);
      const ids = instanceIdsOf(params, account);
      const unknown = ids?.find((id) => balancer.unknownYet(id));
      if (unknown !== undefined) throw invalidInstance(unknown);
      // An empty list asks for all, as an absent one does.
      return {
        InstanceStates: balancer
          .describedHealth(ids === null || ids.length === 0 ? null : ids)
          .map((state) => ({ ...state })),
      };
    },
  },
  ConfigureHealthCheck: {
    changes: true,
    run: (params, account) => {
      const balancer = balancerOf(params, account);
      const record = healthCheckOf(structureOf(params, 'HealthCheck'));
      balancer.configureHealthCheck(record);
      return { HealthCheck: { ...record } };
    },
  },
};

function healthCheckOf(given: QueryParams | undefined): HealthCheckRecord {
  if (given === undefined) throw constraintError(null, 'healthCheck', 'not be null');
  const seconds = (name: string, min: number, max: number): number => {
    const path = `HealthCheck.${name}`;
    requiredText(given, name, path);
    return wholeNumber(given, name, { min, max, path })!;
  };
  const record = {
    Target: checkedTarget(requiredText(given, 'Target', 'HealthCheck.Target')),
    Interval: seconds('Interval', 5, 300),
    Timeout: seconds('Timeout', 2, 60),
    UnhealthyThreshold: seconds('UnhealthyThreshold', 2, 10),
    HealthyThreshold: seconds('HealthyThreshold', 2, 10),
  };
  if (record.Timeout >= record.Interval)
    throw validationError('HealthCheck Timeout must be less than HealthCheck Interval.');
  return record;
}

/** `HTTP:80/path` or `TCP:80`, checked; the port must be a real one though the lab's instances have only one. */
function checkedTarget(target: string): string {
  const parts = /^([A-Za-z]+):(\d{1,5})(.*)$/s.exec(target);
  const protocol = parts?.[1]?.toUpperCase();
  if (parts === null || !['HTTP', 'HTTPS', 'TCP', 'SSL'].includes(protocol ?? '')) {
    const wantsPath = /^https?/i.exec(target)?.[0]?.toUpperCase();
    if (wantsPath !== undefined) throw pathError(wantsPath);
    throw validationError(
      'HealthCheck Target must begin with one of HTTP, TCP, HTTPS, SSL and specify a port. e.g. TCP:80',
    );
  }
  const port = Number(parts[2]);
  if (port < 1 || port > 65_535) throw validationError('HealthCheck Target port must be between 1 and 65535');
  if (protocol === 'HTTPS' || protocol === 'SSL') {
    throw invalidConfiguration("The lab's applications speak plain HTTP: use an HTTP or TCP health check.");
  }
  const path = parts[3] ?? '';
  if (protocol === 'TCP') {
    if (path !== '') throw validationError('HealthCheck TCP Target must specify a port only. e.g. TCP:80');
    return `TCP:${port}`;
  }
  if (!path.startsWith('/')) throw pathError('HTTP');
  if (path.length > 1024 || /[^\x21-\x7e]/.test(path))
    throw validationError('HealthCheck HTTP Target must specify a valid path.');
  return `HTTP:${port}${path}`;
}

function pathError(protocol: string): Error {
  return validationError(
    `HealthCheck ${protocol} Target must specify a port followed by a path that begins with a slash. e.g. ${protocol}:80/ping/this/path`,
  );
}
