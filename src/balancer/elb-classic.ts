import {
  AddTagsCommand,
  DeregisterInstancesFromLoadBalancerCommand,
  DescribeInstanceHealthCommand,
  DescribeLoadBalancerAttributesCommand,
  DescribeLoadBalancersCommand,
  DescribeTagsCommand,
  ElasticLoadBalancingClient,
  type ElasticLoadBalancingClientConfig,
  type InstanceState,
  type LoadBalancerAttributes,
  type LoadBalancerDescription,
  RegisterInstancesWithLoadBalancerCommand,
  RemoveTagsCommand,
} from '@aws-sdk/client-elastic-load-balancing';
import { RollproofError } from '../domain/errors.js';
import type { Balancer, BalancerFacts, LockTag } from '../domain/ports.js';
import type { Target, TargetHealth } from '../domain/target.js';
import { classicTargetState } from './classic-states.js';

export interface ClassicOptions {
  readonly name: string;
  readonly region: string;
  /** null = AWS; a lab or another stand-in otherwise. */
  readonly endpoint: string | null;
  /** null = the SDK's own chain (environment, profile, instance role). */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string } | null;
  /** How often the SDK itself tries; 1 under `retryingBalancer`. Absent = 4. */
  readonly attempts?: number;
  /** Makes one API call again as long as that may help; absent = once. */
  readonly again?: <T>(call: () => Promise<T>) => Promise<T>;
}

const CONNECT_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 20_000;

/** The tag that holds the lock of whoever rolls behind this balancer. */
const LOCK_TAG = 'rollproof:lock';
/** Pages of 400 balancers looked through for those that share a member. */
const PAGES_MAX = 10;

/** AWS Classic ELB through AWS's own SDK. */
export function classicBalancer(options: ClassicOptions): Balancer {
  const client = new ElasticLoadBalancingClient(clientConfig(options));
  const name = options.name;
  const describe = async (signal: AbortSignal): Promise<LoadBalancerDescription> => {
    const reply = await ask(options, () =>
      client.send(new DescribeLoadBalancersCommand({ LoadBalancerNames: [name] }), { abortSignal: signal }),
    );
    const found = reply.LoadBalancerDescriptions?.[0];
    if (found === undefined)
      throw new RollproofError('BALANCER_REFUSED', `there is no load balancer named ${name} in ${options.region}`, {
        hint: refusalHint('LoadBalancerNotFound', options),
      });
    return found;
  };
  return {
    async detach(target, signal) {
      const input = { LoadBalancerName: name, Instances: [{ InstanceId: target.instance }] };
      await ask(options, () =>
        client.send(new DeregisterInstancesFromLoadBalancerCommand(input), { abortSignal: signal }),
      );
    },
    async attach(target, signal) {
      const input = { LoadBalancerName: name, Instances: [{ InstanceId: target.instance }] };
      await ask(options, () =>
        client.send(new RegisterInstancesWithLoadBalancerCommand(input), { abortSignal: signal }),
      );
    },
    async health(targets, signal) {
      if (targets.length === 0) return [];
      const input = { LoadBalancerName: name, Instances: targets.map((t) => ({ InstanceId: t.instance })) };
      const [states, description] = await Promise.all([
        ask(options, () => client.send(new DescribeInstanceHealthCommand(input), { abortSignal: signal })),
        describe(signal),
      ]);
      const members = membersOf(description);
      return targets.map((t) => targetHealth(t, states.InstanceStates ?? [], members));
    },
    async describe(signal) {
      const [description, elsewhere, attributes] = await Promise.all([
        describe(signal),
        othersWithMembers(client, options, signal),
        ask(options, () =>
          client.send(new DescribeLoadBalancerAttributesCommand({ LoadBalancerName: name }), { abortSignal: signal }),
        ),
      ]);
      return { ...balancerFacts(name, description, attributes.LoadBalancerAttributes), elsewhere };
    },
    attachCommand(target) {
      const endpoint = options.endpoint === null ? '' : ` --endpoint-url ${shellWord(options.endpoint)}`;
      return `aws elb register-instances-with-load-balancer --region ${shellWord(options.region)}${endpoint} --load-balancer-name ${shellWord(name)} --instances ${shellWord(target.instance)}`;
    },
    lockTag: lockTag(client, options),
    close() {
      client.destroy();
    },
  };
}

/** Instance id → other balancers that have it registered too; null when there are too many balancers to look through. */
async function othersWithMembers(
  client: ElasticLoadBalancingClient,
  options: ClassicOptions,
  signal: AbortSignal,
): Promise<Readonly<Record<string, readonly string[]>> | null> {
  const found: Record<string, string[]> = {};
  let marker: string | undefined;
  for (let page = 0; page < PAGES_MAX; page++) {
    const input = { PageSize: 400, ...(marker === undefined ? {} : { Marker: marker }) };
    const reply = await ask(options, () =>
      client.send(new DescribeLoadBalancersCommand(input), { abortSignal: signal }),
    );
    for (const other of reply.LoadBalancerDescriptions ?? []) {
      if (other.LoadBalancerName === options.name) continue;
      for (const id of membersOf(other))
        found[id] = [...(found[id] ?? []), other.LoadBalancerName ?? 'one without a name'];
    }
    marker = reply.NextMarker === '' ? undefined : reply.NextMarker;
    if (marker === undefined) return found;
  }
  return null;
}

function lockTag(client: ElasticLoadBalancingClient, options: ClassicOptions): LockTag {
  const LoadBalancerNames = [options.name];
  return {
    async read(signal) {
      const reply = await ask(options, () =>
        client.send(new DescribeTagsCommand({ LoadBalancerNames }), { abortSignal: signal }),
      );
      const tags = reply.TagDescriptions?.[0]?.Tags ?? [];
      return tags.find((tag) => tag.Key === LOCK_TAG)?.Value ?? null;
    },
    async write(value, signal) {
      const input = { LoadBalancerNames, Tags: [{ Key: LOCK_TAG, Value: value }] };
      await ask(options, () => client.send(new AddTagsCommand(input), { abortSignal: signal }));
    },
    async remove(signal) {
      const input = { LoadBalancerNames, Tags: [{ Key: LOCK_TAG }] };
      await ask(options, () => client.send(new RemoveTagsCommand(input), { abortSignal: signal }));
    },
  };
}

function clientConfig(options: ClassicOptions): ElasticLoadBalancingClientConfig {
  return {
    region: options.region,
    maxAttempts: options.attempts ?? 4,
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      throwOnRequestTimeout: true,
    },
    ...(options.endpoint === null ? {} : { endpoint: options.endpoint }),
    ...(options.credentials === null ? {} : { credentials: options.credentials }),
  };
}

function targetHealth(target: Target, states: readonly InstanceState[], members: readonly string[]): TargetHealth {
  const found = states.find((s) => s.InstanceId === target.instance);
  const reasonCode = found?.ReasonCode ?? 'N/A';
  const description = found?.Description ?? 'the load balancer gave no state';
  return {
    target: target.id,
    state: found === undefined ? 'unavailable' : classicTargetState(found.State ?? '', reasonCode, description),
    registered: members.includes(target.instance),
    reasonCode,
    description,
  };
}

function membersOf(description: LoadBalancerDescription): string[] {
  return (description.Instances ?? []).flatMap((i) => (i.InstanceId === undefined ? [] : [i.InstanceId]));
}

function balancerFacts(
  name: string,
  description: LoadBalancerDescription,
  attributes: LoadBalancerAttributes | undefined,
): BalancerFacts {
  const check = description.HealthCheck;
  const draining = attributes?.ConnectionDraining;
  return {
    kind: 'elb-classic',
    name,
    dnsName: description.DNSName ?? null,
    members: membersOf(description),
    drainingEnabled: draining?.Enabled ?? null,
    drainTimeoutMs: seconds(draining?.Timeout),
    idleTimeoutMs: seconds(attributes?.ConnectionSettings?.IdleTimeout),
    crossZone: attributes?.CrossZoneLoadBalancing?.Enabled ?? null,
    zones: description.AvailabilityZones ?? [],
    healthCheck:
      check === undefined
        ? null
        : {
            target: check.Target ?? '',
            intervalMs: (check.Interval ?? 0) * 1000,
            timeoutMs: (check.Timeout ?? 0) * 1000,
            healthyThreshold: check.HealthyThreshold ?? 0,
            unhealthyThreshold: check.UnhealthyThreshold ?? 0,
          },
  };
}

const seconds = (value: number | undefined): number | null => (value === undefined ? null : value * 1000);

/** One place that turns the SDK's errors into ours, with the wire's own code in the message. */
async function ask<T>(options: ClassicOptions, call: () => Promise<T>): Promise<T> {
  const once = async () => {
    try {
      return await call();
    } catch (cause) {
      throw classicError(cause, options);
    }
  };
  return options.again === undefined ? once() : options.again(once);
}

function classicError(cause: unknown, options: ClassicOptions): RollproofError {
  const error = cause instanceof Error ? cause : new Error(String(cause));
  const where = options.endpoint ?? `AWS ${options.region}`;
  if ('$metadata' in error && '$fault' in error) {
    const code = 'Code' in error && typeof error.Code === 'string' ? error.Code : error.name;
    if (error.$fault === 'server' || /Throttl|RequestLimitExceeded|TooManyRequests/.test(code)) {
      return new RollproofError('BALANCER_UNREACHABLE', `${where} is too busy: ${code}: ${error.message}`, {
        hint: 'other callers may use up the API rate of this account; try again in a moment',
        cause,
      });
    }
    return new RollproofError('BALANCER_REFUSED', `${where} refused: ${code}: ${error.message}`, {
      hint: refusalHint(code, options),
      cause,
    });
  }
  return new RollproofError('BALANCER_UNREACHABLE', `could not ask ${where}: ${error.message || error.name}`, {
    hint:
      error.name === 'CredentialsProviderError'
        ? 'give AWS credentials (AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)'
        : 'is the region right and the network up?',
    cause,
  });
}

function refusalHint(code: string, options: ClassicOptions): string | null {
  if (code === 'LoadBalancerNotFound')
    return `check balancer.name (${options.name}) and balancer.region (${options.region})`;
  if (code === 'InvalidInstance') return 'check targets[].instance';
  if (/InvalidClientTokenId|SignatureDoesNotMatch|ExpiredToken|AuthFailure|InvalidAccessKeyId/.test(code))
    return 'AWS does not accept these credentials: log in again, or check AWS_PROFILE and AWS_ACCESS_KEY_ID';
  if (/AccessDenied|UnauthorizedOperation/.test(code)) {
    return 'the credentials need elasticloadbalancing:Describe*, RegisterInstancesWithLoadBalancer and DeregisterInstancesFromLoadBalancer';
  }
  return null;
}

/** Quoted only where a shell would need it, so the usual command stays readable. */
function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
