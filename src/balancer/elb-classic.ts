import {
  AddTagsCommand,
  DeregisterInstancesFromLoadBalancerCommand,
  DescribeInstanceHealthCommand,
  DescribeLoadBalancerAttributesCommand,
  DescribeLoadBalancersCommand,
  DescribeTagsCommand,
  ElasticLoadBalancingClient,
  type InstanceState,
  type LoadBalancerAttributes,
  type LoadBalancerDescription,
  RegisterInstancesWithLoadBalancerCommand,
  RemoveTagsCommand,
} from '@aws-sdk/client-elastic-load-balancing';
import { RollproofError } from '../domain/errors.js';
import type { Balancer, BalancerFacts, LockTag } from '../domain/ports.js';
import type { Target, TargetHealth } from '../domain/target.js';
import { type AwsAccess, ask, awsCommand, clientConfig, isDenied, LOCK_TAG, type RefusalHint } from './aws-api.js';
import { classicTargetState } from './classic-states.js';
import { shellWord } from './shell-word.js';

export interface ClassicOptions extends AwsAccess {
  readonly name: string;
}

/** Pages of 400 balancers looked through for those that share a member. */
const PAGES_MAX = 10;

/** AWS Classic ELB through AWS's own SDK. */
export function classicBalancer(options: ClassicOptions): Balancer {
  const client = new ElasticLoadBalancingClient(clientConfig(options));
  const { name } = options;
  const hint = refusalHint(options);
  const describe = async (signal: AbortSignal): Promise<LoadBalancerDescription> => {
    const reply = await ask(options, hint, () =>
      client.send(new DescribeLoadBalancersCommand({ LoadBalancerNames: [name] }), { abortSignal: signal }),
    );
    const found = reply.LoadBalancerDescriptions?.[0];
    if (found === undefined)
      throw new RollproofError('BALANCER_REFUSED', `there is no load balancer named ${name} in ${options.region}`, {
        hint: refusalHint(options)('LoadBalancerNotFound'),
      });
    return found;
  };
  return {
    async detach(target, signal) {
      const input = { LoadBalancerName: name, Instances: [{ InstanceId: target.instance }] };
      await ask(options, hint, () =>
        client.send(new DeregisterInstancesFromLoadBalancerCommand(input), { abortSignal: signal }),
      );
    },
    async attach(target, signal) {
      const input = { LoadBalancerName: name, Instances: [{ InstanceId: target.instance }] };
      await ask(options, hint, () =>
        client.send(new RegisterInstancesWithLoadBalancerCommand(input), { abortSignal: signal }),
      );
    },
    async health(targets, signal) {
      if (targets.length === 0) return [];
      const input = { LoadBalancerName: name, Instances: targets.map((t) => ({ InstanceId: t.instance })) };
      const [states, description] = await Promise.all([
        ask(options, hint, () => client.send(new DescribeInstanceHealthCommand(input), { abortSignal: signal })),
        describe(signal),
      ]);
      const members = membersOf(description);
      return targets.map((t) => targetHealth(t, states.InstanceStates ?? [], members));
    },
    async describe(signal) {
      const [description, elsewhere, attributes] = await Promise.all([
        describe(signal),
        othersWithMembers(client, options, signal),
        ask(options, hint, () =>
          client.send(new DescribeLoadBalancerAttributesCommand({ LoadBalancerName: name }), { abortSignal: signal }),
        ),
      ]);
      return { ...balancerFacts(name, description, attributes.LoadBalancerAttributes), elsewhere };
    },
    attachCommand(target) {
      const command = awsCommand('elb', 'register-instances-with-load-balancer', options);
      return `${command} --load-balancer-name ${shellWord(name)} --instances ${shellWord(target.instance)}`;
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
  const hint = refusalHint(options);
  const found: Record<string, string[]> = {};
  let marker: string | undefined;
  for (let page = 0; page < PAGES_MAX; page++) {
    const input = { PageSize: 400, ...(marker === undefined ? {} : { Marker: marker }) };
    const reply = await ask(options, hint, () =>
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
  const hint = refusalHint(options);
  return {
    async read(signal) {
      const reply = await ask(options, hint, () =>
        client.send(new DescribeTagsCommand({ LoadBalancerNames }), { abortSignal: signal }),
      );
      const tags = reply.TagDescriptions?.[0]?.Tags ?? [];
      return tags.find((tag) => tag.Key === LOCK_TAG)?.Value ?? null;
    },
    async write(value, signal) {
      const input = { LoadBalancerNames, Tags: [{ Key: LOCK_TAG, Value: value }] };
      await ask(options, hint, () => client.send(new AddTagsCommand(input), { abortSignal: signal }));
    },
    async remove(signal) {
      const input = { LoadBalancerNames, Tags: [{ Key: LOCK_TAG }] };
      await ask(options, hint, () => client.send(new RemoveTagsCommand(input), { abortSignal: signal }));
    },
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
  const listeners = (description.ListenerDescriptions ?? []).map(({ Listener }) => Listener?.Protocol ?? '');
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
    // One connection-wise listener is enough doubt: the service's may be it.
    balances: listeners.some((protocol) => /^(tcp|ssl)$/i.test(protocol)) ? 'connections' : 'requests',
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

function refusalHint(options: ClassicOptions): RefusalHint {
  return (code) => {
    if (code === 'LoadBalancerNotFound')
      return `check balancer.name (${options.name}) and balancer.region (${options.region})`;
    if (code === 'InvalidInstance') return 'check targets[].instance';
    return isDenied(code)
      ? 'the credentials need elasticloadbalancing:Describe*, RegisterInstancesWithLoadBalancer and DeregisterInstancesFromLoadBalancer'
      : null;
  };
}
