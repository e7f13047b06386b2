import { codeRanges, defaultV2HealthCheck, type V2HealthCheck } from '../../elb/v2/health-check.js';
import type { GroupRequest } from '../../elb/v2/v2-account.js';
import { LAB_VPC } from '../../elb/v2/v2-account.js';
import { constraintError, invalidConfiguration, validationError } from '../api-error.js';
import { flagOf, type QueryParams, requiredText, structureOf, wholeNumber } from '../query.js';

const PROTOCOLS = ['HTTP', 'HTTPS', 'TCP', 'TLS'] as const;

/** CreateTargetGroup's parameters, checked. */
export function groupRequestOf(params: QueryParams): GroupRequest {
  const name = checkedName(requiredText(params, 'Name'), 'Target group');
  const targetType = params.get('TargetType') ?? 'instance';
  if (!['instance', 'ip', 'lambda', 'alb'].includes(targetType)) {
    throw constraintError(targetType, 'targetType', 'satisfy enum value set: [instance, ip, lambda, alb]');
  }
  if (targetType !== 'instance') throw invalidConfiguration(`The lab's targets are instances, not '${targetType}'.`);
  const given = params.get('Protocol');
  if (given === undefined) throw validationError('A protocol must be specified');
  if (given === 'UDP' || given === 'TCP_UDP') throw invalidConfiguration(`The lab's balancers do not speak ${given}.`);
  const protocol = PROTOCOLS.find((each) => each === given);
  if (protocol === undefined) {
    throw constraintError(given, 'protocol', 'satisfy enum value set: [HTTP, HTTPS, TCP, TLS, UDP, TCP_UDP]');
  }
  const port = wholeNumber(params, 'Port', { min: 1, max: 65_535 });
  if (port === undefined) throw validationError('A port must be specified');
  const protocolVersion = params.get('ProtocolVersion') ?? 'HTTP1';
  if (protocolVersion !== 'HTTP1') throw invalidConfiguration(`The lab's targets speak HTTP1, not ${protocolVersion}.`);
  const type = protocol.startsWith('HTTP') ? 'application' : 'network';
  const checks = params.get('HealthCheckProtocol') ?? (type === 'network' ? 'TCP' : 'HTTP');
  const defaults = defaultV2HealthCheck(type, checks === 'TCP' ? 'TCP' : 'HTTP');
  const healthCheck = healthCheckOf(params, defaults, type === 'network');
  return { name, protocol, protocolVersion, port, vpcId: params.get('VpcId') ?? LAB_VPC, healthCheck };
}

/** The health check's parameters of Create and ModifyTargetGroup over what is so without them. */
export function healthCheckOf(params: QueryParams, now: V2HealthCheck, network: boolean): V2HealthCheck {
  const protocol = params.get('HealthCheckProtocol') ?? now.protocol;
  if (protocol === 'HTTPS') throw invalidConfiguration("The lab's applications speak plain HTTP: use an HTTP check.");
  if (protocol !== 'HTTP' && (protocol !== 'TCP' || !network)) {
    throw validationError(`Health check protocol '${protocol}' must be one of HTTP, HTTPS${network ? ', TCP' : ''}`);
  }
  const number = (name: string, min: number, max: number, otherwise: number): number =>
    wholeNumber(params, name, { min, max }) ?? otherwise;
  const matcher = structureOf(params, 'Matcher');
  if (matcher?.has('GrpcCode')) throw invalidConfiguration("The lab's targets speak HTTP1, not GRPC.");
  const check: V2HealthCheck = {
    enabled: flagOf(params, 'HealthCheckEnabled') ?? now.enabled,
    protocol,
    port: params.get('HealthCheckPort') ?? now.port,
    path: params.get('HealthCheckPath') ?? now.path,
    codes: matcher?.get('HttpCode') ?? now.codes,
    intervalSeconds: number('HealthCheckIntervalSeconds', 5, 300, now.intervalSeconds),
    timeoutSeconds: number('HealthCheckTimeoutSeconds', 2, 120, now.timeoutSeconds),
    healthyThreshold: number('HealthyThresholdCount', 2, 10, now.healthyThreshold),
    unhealthyThreshold: number('UnhealthyThresholdCount', 2, 10, now.unhealthyThreshold),
  };
  if (!check.enabled)
    throw validationError("Health check enabled must be true for target groups with target type 'instance'");
  if (check.port !== 'traffic-port' && !/^[1-9]\d{0,4}$/.test(check.port)) {
    throw validationError(`Health check port '${check.port}' must be 'traffic-port' or a port number`);
  }
  if (!/^\/[\x21-\x7e]{0,1023}$/.test(check.path))
    throw validationError(`Health check path '${check.path}' must begin with '/'`);
  if (codeRanges(check.codes) === null) {
    throw validationError(`Health check matcher HTTP code '${check.codes}' must be within '200-499' inclusive`);
  }
  const asked = ['HealthCheckTimeoutSeconds', 'HealthCheckIntervalSeconds'].some((name) => params.has(name));
  if (asked && check.timeoutSeconds >= check.intervalSeconds) {
    throw validationError('Health check interval must be greater than the timeout.');
  }
  return check;
}

/** A balancer's or target group's name within AWS's rules. */
export function checkedName(name: string, what: string): string {
  if (name.length > 32) throw validationError(`${what} name '${name}' cannot be longer than '32' characters`);
  if (!/^[A-Za-z0-9-]+$/.test(name)) {
    throw validationError(
      `${what} name '${name}' can only contain characters that are alphanumeric characters and hyphens(-)`,
    );
  }
  if (name.startsWith('-') || name.endsWith('-')) {
    throw validationError(`${what} name '${name}' cannot begin or end with a hyphen(-)`);
  }
  return name;
}
