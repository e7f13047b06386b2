import {
  DescribeListenerAttributesCommand,
  DescribeListenersCommand,
  DescribeLoadBalancerAttributesCommand,
  DescribeLoadBalancersCommand,
  DescribeTargetGroupAttributesCommand,
  DescribeTargetHealthCommand,
  type LoadBalancer,
  type TargetGroup,
  type TargetHealthDescription,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { RollproofError } from '../domain/errors.js';
import type { BalancerFacts } from '../domain/ports.js';
import type { Elbv2Ask } from './elbv2.js';
import { membersElsewhere } from './elbv2-elsewhere.js';
import { isRegistered } from './elbv2-states.js';

/**
 * New connections reach a deregistered target of an NLB for about two minutes, whatever the deregistration delay says
 * (aws/containers-roadmap#470, kubernetes-sigs/aws-load-balancer-controller#2366), and a new one waits up to three.
 */
const NLB_LEAVE_MS = 120_000;
const NLB_JOIN_MS = 180_000;

/** What the API tells of a target group and the load balancer that forwards to it. */
export async function describeElbv2(
  group: TargetGroup,
  { name, port }: { readonly name: string; readonly port: number | null },
  asking: Elbv2Ask,
  signal: AbortSignal,
): Promise<BalancerFacts> {
  if (group.TargetType !== undefined && group.TargetType !== 'instance' && group.TargetType !== 'ip')
    throw new RollproofError('BALANCER_REFUSED', `targets of ${name} are of type ${group.TargetType}, not servers`, {
      hint: 'name a target group of instances or of addresses',
    });
  const TargetGroupArn = group.TargetGroupArn ?? '';
  const wanted = port ?? group.Port ?? null;
  const [attributes, health, balancer] = await Promise.all([
    asking((c) => c.send(new DescribeTargetGroupAttributesCommand({ TargetGroupArn }), { abortSignal: signal })),
    asking((c) => c.send(new DescribeTargetHealthCommand({ TargetGroupArn }), { abortSignal: signal })),
    balancerOf(group, asking, signal),
  ]);
  const registered = (health.TargetHealthDescriptions ?? []).filter(isRegistered);
  const members = registered.filter((each) => isAt(each, wanted)).map((each) => each.Target?.Id ?? '');
  const atOtherPorts = registered.filter((each) => !isAt(each, wanted));
  const elsewhere = await membersElsewhere(group, members, atOtherPorts, asking, signal);
  return {
    name,
    members,
    elsewhere,
    ...balancerFacts(balancer),
    ...groupFacts(mapOf(attributes.Attributes), balancer?.found.Type === 'network'),
    crossZone: crossZone(mapOf(attributes.Attributes), balancer?.attributes ?? new Map()),
    healthCheck: healthCheckOf(group),
  };
}

/** A call without a port means the group's own, and passes over what is registered with another one. */
function isAt({ Target }: TargetHealthDescription, port: number | null): boolean {
  return Target?.Port === undefined || port === null || Target.Port === port;
}

type Attributes = ReadonlyMap<string, string>;

interface Found {
  readonly found: LoadBalancer;
  readonly attributes: Attributes;
  readonly idleTimeoutMs: number | null;
}

/** The load balancer that forwards to the group; null = none does. */
async function balancerOf(group: TargetGroup, asking: Elbv2Ask, signal: AbortSignal): Promise<Found | null> {
  const LoadBalancerArn = group.LoadBalancerArns?.[0];
  if (LoadBalancerArn === undefined) return null;
  const abort = { abortSignal: signal };
  const [balancers, told] = await Promise.all([
    asking((c) => c.send(new DescribeLoadBalancersCommand({ LoadBalancerArns: [LoadBalancerArn] }), abort)),
    asking((c) => c.send(new DescribeLoadBalancerAttributesCommand({ LoadBalancerArn }), abort)),
  ]);
  const found = balancers.LoadBalancers?.[0];
  if (found === undefined) return null;
  const attributes = mapOf(told.Attributes);
  const idleTimeoutMs =
    found.Type === 'network'
      ? await flowIdleTimeout(LoadBalancerArn, group.TargetGroupArn ?? '', asking, signal)
      : secondsOf(attributes, 'idle_timeout.timeout_seconds');
  return { found, attributes, idleTimeoutMs };
}

/** An NLB keeps its idle timeout per listener. */
async function flowIdleTimeout(
  LoadBalancerArn: string,
  groupArn: string,
  asking: Elbv2Ask,
  signal: AbortSignal,
): Promise<number | null> {
  const abort = { abortSignal: signal };
  const reply = await asking((c) => c.send(new DescribeListenersCommand({ LoadBalancerArn }), abort));
  const listener = reply.Listeners?.find(({ DefaultActions }) =>
    DefaultActions?.some(
      ({ TargetGroupArn, ForwardConfig }) =>
        TargetGroupArn === groupArn || ForwardConfig?.TargetGroups?.some((each) => each.TargetGroupArn === groupArn),
    ),
  );
  const ListenerArn = listener?.ListenerArn;
  if (ListenerArn === undefined) return null;
  const told = await asking((c) => c.send(new DescribeListenerAttributesCommand({ ListenerArn }), abort));
  return secondsOf(mapOf(told.Attributes), 'tcp.idle_timeout.seconds');
}

function balancerFacts(balancer: Found | null) {
  if (balancer === null) return { kind: 'elbv2', dnsName: null, idleTimeoutMs: null, zones: [] };
  const { found, idleTimeoutMs } = balancer;
  const network = found.Type === 'network';
  return {
    kind: network ? 'nlb' : 'alb',
    dnsName: found.DNSName ?? null,
    idleTimeoutMs,
    zones: (found.AvailabilityZones ?? []).flatMap(({ ZoneName }) => (ZoneName === undefined ? [] : [ZoneName])),
    balances: network ? ('connections' as const) : ('requests' as const),
    ...(network ? { leaveMs: NLB_LEAVE_MS, joinMs: NLB_JOIN_MS } : {}),
  };
}

/** An NLB that does not end connections lets what is open at a detach go on for good: its delay cuts nothing. */
function groupFacts(attributes: Attributes, network: boolean) {
  const drainTimeoutMs = secondsOf(attributes, 'deregistration_delay.timeout_seconds');
  const ends = network ? attributes.get('deregistration_delay.connection_termination.enabled') === 'true' : true;
  return {
    drainingEnabled: drainTimeoutMs === null ? null : drainTimeoutMs > 0 || !ends,
    drainTimeoutMs,
    drainEnds: ends,
    slowStartMs: secondsOf(attributes, 'slow_start.duration_seconds') ?? 0,
  };
}

/** The target group's own word goes before the load balancer's. */
function crossZone(group: Attributes, balancer: Attributes): boolean | null {
  const key = 'load_balancing.cross_zone.enabled';
  const said = [group.get(key), balancer.get(key)].find((word) => word === 'true' || word === 'false');
  return said === undefined ? null : said === 'true';
}

function healthCheckOf(group: TargetGroup): BalancerFacts['healthCheck'] {
  if (group.HealthCheckEnabled === false || group.HealthCheckIntervalSeconds === undefined) return null;
  const port = group.HealthCheckPort === 'traffic-port' ? (group.Port ?? '') : (group.HealthCheckPort ?? '');
  return {
    target: `${group.HealthCheckProtocol ?? ''}:${port}${group.HealthCheckPath ?? ''}`,
    intervalMs: group.HealthCheckIntervalSeconds * 1000,
    timeoutMs: (group.HealthCheckTimeoutSeconds ?? 0) * 1000,
    healthyThreshold: group.HealthyThresholdCount ?? 0,
    unhealthyThreshold: group.UnhealthyThresholdCount ?? 0,
  };
}

function mapOf(
  attributes: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[] | undefined,
): Attributes {
  return new Map((attributes ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? '']));
}

function secondsOf(attributes: Attributes, key: string): number | null {
  const text = attributes.get(key);
  return text !== undefined && /^\d+$/.test(text) ? Number(text) * 1000 : null;
}
