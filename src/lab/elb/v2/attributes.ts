import type { V2Type } from './health-check.js';

/** Attributes by key, as the API holds them: texts. */
export type Attributes = ReadonlyMap<string, string>;

/** The key of the one target group attribute everything here is about. */
export const DEREGISTRATION_DELAY = 'deregistration_delay.timeout_seconds';
export const CONNECTION_TERMINATION = 'deregistration_delay.connection_termination.enabled';
export const CROSS_ZONE = 'load_balancing.cross_zone.enabled';
export const IDLE_TIMEOUT = 'idle_timeout.timeout_seconds';
export const DELETION_PROTECTION = 'deletion_protection.enabled';

const GROUP_BOTH: Readonly<Record<string, string>> = {
  [DEREGISTRATION_DELAY]: '300',
  [CROSS_ZONE]: 'use_load_balancer_configuration',
  'stickiness.enabled': 'false',
  'target_group_health.dns_failover.minimum_healthy_targets.count': '1',
  'target_group_health.dns_failover.minimum_healthy_targets.percentage': 'off',
  'target_group_health.unhealthy_state_routing.minimum_healthy_targets.count': '1',
  'target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage': 'off',
};

const GROUP: Readonly<Record<V2Type, Readonly<Record<string, string>>>> = {
  application: {
    ...GROUP_BOTH,
    'stickiness.type': 'lb_cookie',
    'stickiness.lb_cookie.duration_seconds': '86400',
    'stickiness.app_cookie.cookie_name': '',
    'stickiness.app_cookie.duration_seconds': '86400',
    'slow_start.duration_seconds': '0',
    'load_balancing.algorithm.type': 'round_robin',
    'load_balancing.algorithm.anomaly_mitigation': 'off',
  },
  network: {
    ...GROUP_BOTH,
    'stickiness.type': 'source_ip',
    [CONNECTION_TERMINATION]: 'false',
    'proxy_protocol_v2.enabled': 'false',
    'preserve_client_ip.enabled': 'true',
    'target_health_state.unhealthy.connection_termination.enabled': 'true',
    'target_health_state.unhealthy.draining_interval_seconds': '0',
  },
};

const BALANCER_BOTH: Readonly<Record<string, string>> = {
  [DELETION_PROTECTION]: 'false',
  'access_logs.s3.enabled': 'false',
  'access_logs.s3.bucket': '',
  'access_logs.s3.prefix': '',
  'zonal_shift.config.enabled': 'false',
};

const BALANCER: Readonly<Record<V2Type, Readonly<Record<string, string>>>> = {
  application: {
    ...BALANCER_BOTH,
    [IDLE_TIMEOUT]: '60',
    [CROSS_ZONE]: 'true',
    'client_keep_alive.seconds': '3600',
    'connection_logs.s3.enabled': 'false',
    'connection_logs.s3.bucket': '',
    'connection_logs.s3.prefix': '',
    'routing.http2.enabled': 'true',
    'routing.http.desync_mitigation_mode': 'defensive',
    'routing.http.drop_invalid_header_fields.enabled': 'false',
    'routing.http.preserve_host_header.enabled': 'false',
    'routing.http.x_amzn_tls_version_and_cipher_suite.enabled': 'false',
    'routing.http.xff_client_port.enabled': 'false',
    'routing.http.xff_header_processing.mode': 'append',
    'waf.fail_open.enabled': 'false',
  },
  network: {
    ...BALANCER_BOTH,
    [CROSS_ZONE]: 'false',
    'dns_record.client_routing_policy': 'any_availability_zone',
  },
};

/** AWS's defaults of a target group's attributes; the keys are also all that may be set. */
export function groupAttributes(type: V2Type): Map<string, string> {
  return new Map(Object.entries(GROUP[type]));
}

/** AWS's defaults of a balancer's attributes; the keys are also all that may be set. */
export function balancerAttributes(type: V2Type): Map<string, string> {
  return new Map(Object.entries(BALANCER[type]));
}
