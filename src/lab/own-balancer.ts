import type { Account } from './elb/account.js';
import type { Listener } from './elb/balancer-record.js';
import { initialHealthCheck, LAB_INSTANCE_PORT } from './elb/health-check.js';
import type { ElbNode } from './elb/membership.js';
import { CROSS_ZONE, DEREGISTRATION_DELAY, IDLE_TIMEOUT } from './elb/v2/attributes.js';
import { initialV2HealthCheck, type V2Type } from './elb/v2/health-check.js';
import { LAB_VPC } from './elb/v2/v2-account.js';
import { subnetOf } from './elb/zones.js';
import type { AwsKind, LabKnobs } from './knobs.js';
import type { LabOptions } from './options.js';
import { pause, type Timers } from './timers.js';

/** The balancer a lab starts with, whichever of AWS's APIs speaks of it. */
export interface OwnBalancer {
  readonly dnsName: string;
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  /** Null for a Classic one, which has a name only. */
  readonly loadBalancerArn: string | null;
  readonly targetGroupArn: string | null;
}

/** How long the fleet may take to be in service at the start. */
const SETTLE_DEADLINE_MS = 10_000;
const SETTLE_POLL_MS = 10;
/** Health checks of the first moments, so that a 30-s interval does not hold up the start. */
const SETTLE_INTERVAL_MS = 50;

/** Starts the lab's own balancer and waits until its whole fleet is in service. @throws Error when it does not get there. */
export function startOwnBalancer(
  kind: AwsKind,
  account: Account,
  options: LabOptions,
  timers: Timers,
): Promise<OwnBalancer> {
  return kind === 'classic' ? startClassic(account, options, timers) : startV2(kind, account, options, timers);
}

async function startClassic(account: Account, options: LabOptions, timers: Timers): Promise<OwnBalancer> {
  const { knobs } = account.options;
  const { record, check } = initialHealthCheck(knobs);
  const balancer = await account.create({
    name: options.name,
    scheme: 'internet-facing',
    listeners: [classicListener(knobs.listener)],
    zones: account.zones,
    subnets: [],
    securityGroups: [],
    tags: new Map(),
    healthCheck: { record, check: hasty(check) },
    attributes: {
      crossZone: knobs.crossZone,
      drain: { enabled: knobs.drainEnabled, timeoutMs: knobs.drainTimeoutMs },
      idleTimeoutMs: knobs.idleTimeoutMs,
      desyncMode: 'defensive',
    },
  });
  if (balancer === null) throw new Error(`a balancer named '${options.name}' exists already`);
  const ids = inService(options);
  balancer.register(ids, 'at-once');
  await settled(ids, (id) => balancer.phase(id) === 'in-service', timers);
  balancer.configureHealthCheck(record, check);
  balancer.forgetPast();
  return {
    dnsName: balancer.identity.dnsName,
    nodes: addressesOf(balancer.nodes),
    loadBalancerArn: null,
    targetGroupArn: null,
  };
}

const V2_PROTOCOL = { http: 'HTTP', https: 'HTTPS', tcp: 'TCP', ssl: 'TLS' } as const;
const PLAIN = { http: 'HTTP', https: 'HTTP', tcp: 'TCP', ssl: 'TCP' } as const;

/** TLS ends at the load balancer. */
function classicListener(listener: LabKnobs['listener']): Listener {
  return {
    Protocol: listener.toUpperCase() as Listener['Protocol'],
    LoadBalancerPort: 0,
    InstanceProtocol: PLAIN[listener],
    InstancePort: LAB_INSTANCE_PORT,
  };
}

/** One balancer, one listener, one target group: `<name>-targets`. */
async function startV2(type: V2Type, account: Account, options: LabOptions, timers: Timers): Promise<OwnBalancer> {
  const { knobs, region, protocols } = account.options;
  const protocol = V2_PROTOCOL[knobs.listener];
  if (!protocols.has(protocol))
    throw new Error(`the lab's data plane does not speak ${protocol} yet: kind '${type}' needs it`);
  const { record, check } = initialV2HealthCheck(type, knobs);
  const group = account.v2.createGroup({
    name: `${options.name.slice(0, 24)}-targets`,
    protocol: PLAIN[knobs.listener],
    protocolVersion: 'HTTP1',
    port: LAB_INSTANCE_PORT,
    vpcId: LAB_VPC,
    healthCheck: record,
  });
  group.configureHealthCheck(record, hasty(check));
  const delayMs = knobs.drainEnabled ? knobs.drainTimeoutMs : 0;
  group.modifyAttributes(new Map([[DEREGISTRATION_DELAY, String(Math.ceil(delayMs / 1000))]]), delayMs);
  const balancer = account.v2.createBalancer({
    name: options.name,
    type,
    scheme: 'internet-facing',
    zones: account.zones.map((zone) => ({ zone, subnet: subnetOf(region, zone) })),
    securityGroups: [],
    idleTimeoutMs: knobs.idleTimeoutMs,
  });
  balancer.attributes.set(CROSS_ZONE, String(knobs.crossZone));
  if (type === 'application') balancer.attributes.set(IDLE_TIMEOUT, String(Math.ceil(knobs.idleTimeoutMs / 1000)));
  const secure = { certificateArn: null, sslPolicy: null };
  const listener = await account.v2.createListener(balancer, { protocol, port: 0, group, ...secure });
  if (listener === null) throw new Error('the lab was stopped while it started');
  const targets = inService(options).map((id) => ({ id, port: LAB_INSTANCE_PORT }));
  group.register(targets, 'at-once');
  await settled(
    targets.map(({ id }) => id),
    (id) => group.phase({ id, port: LAB_INSTANCE_PORT }) === 'in-service',
    timers,
  );
  group.configureHealthCheck(record, check);
  group.forgetPast();
  return {
    dnsName: balancer.identity.dnsName,
    nodes: addressesOf(listener.nodes),
    loadBalancerArn: balancer.identity.arn,
    targetGroupArn: group.identity.arn,
  };
}

function inService({ instances, out = [] }: LabOptions): string[] {
  return instances.map(({ instance }) => instance).filter((id) => !out.includes(id));
}

function hasty<T extends { readonly intervalMs: number }>(check: T): T & { initialChecks: number } {
  return { ...check, intervalMs: Math.min(check.intervalMs, SETTLE_INTERVAL_MS), initialChecks: 1 };
}

function addressesOf(nodes: readonly ElbNode[]): OwnBalancer['nodes'] {
  return nodes.map(({ view }) => ({ host: view.host, port: view.port }));
}

async function settled(ids: readonly string[], inService: (id: string) => boolean, timers: Timers): Promise<void> {
  const deadline = timers.now() + SETTLE_DEADLINE_MS;
  for (let sick = ids; sick.length > 0; sick = ids.filter((id) => !inService(id))) {
    if (timers.now() > deadline) {
      throw new Error(`not in service after ${SETTLE_DEADLINE_MS} ms: ${sick.join(', ')}`);
    }
    await pause(timers, SETTLE_POLL_MS);
  }
}
