import {
  AddTagsCommand,
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateTargetGroupCommand,
  DeleteListenerCommand,
  DeleteLoadBalancerCommand,
  DeleteTargetGroupCommand,
  DeregisterTargetsCommand,
  DescribeAccountLimitsCommand,
  DescribeListenersCommand,
  DescribeLoadBalancerAttributesCommand,
  DescribeLoadBalancersCommand,
  DescribeRulesCommand,
  DescribeTagsCommand,
  DescribeTargetGroupAttributesCommand,
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  ModifyListenerCommand,
  ModifyLoadBalancerAttributesCommand,
  ModifyTargetGroupAttributesCommand,
  ModifyTargetGroupCommand,
  RegisterTargetsCommand,
  RemoveTagsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { afterEach, describe, expect, it } from 'vitest';
import type { FakeNode } from '../fakes.js';
import { type ApiBench, apiBench } from './api-bench.js';

let b: ApiBench;
afterEach(async () => {
  expect(b.faults).toEqual([]);
  await b.close();
});

interface Made {
  readonly lb: string;
  readonly group: string;
  readonly listener: string;
  readonly nodes: readonly FakeNode[];
}

/** A balancer, a listener at 80 and a target group on nodes of their own. */
async function made(
  knobs: Record<string, unknown> = {},
  type: 'application' | 'network' = 'application',
): Promise<Made> {
  b = await apiBench({}, knobs);
  const before = b.allNodes.length;
  const Protocol = type === 'application' ? 'HTTP' : 'TCP';
  const created = await b.v2.send(
    new CreateLoadBalancerCommand({ Name: 'shop', Type: type, Subnets: ['subnet-1ab0000a', 'subnet-1ab0000b'] }),
  );
  const lb = created.LoadBalancers![0]!.LoadBalancerArn!;
  const groups = await b.v2.send(new CreateTargetGroupCommand({ Name: 'blue', Protocol, Port: 8080, VpcId: 'vpc-1' }));
  const group = groups.TargetGroups![0]!.TargetGroupArn!;
  const listeners = await b.v2.send(
    new CreateListenerCommand({
      LoadBalancerArn: lb,
      Protocol,
      Port: 80,
      DefaultActions: [{ Type: 'forward', TargetGroupArn: group }],
    }),
  );
  return { lb, group, listener: listeners.Listeners![0]!.ListenerArn!, nodes: b.allNodes.slice(before) };
}

async function health(group: string, ...ids: string[]): Promise<readonly (string | undefined)[][]> {
  const answer = await b.v2.send(
    new DescribeTargetHealthCommand({
      TargetGroupArn: group,
      ...(ids.length > 0 && { Targets: ids.map((Id) => ({ Id })) }),
    }),
  );
  return answer.TargetHealthDescriptions!.map(({ Target, TargetHealth }) => [
    Target!.Id,
    TargetHealth!.State,
    TargetHealth!.Reason,
    TargetHealth!.Description,
  ]);
}

const one = (TargetGroupArn: string, Id = 'i-1') => ({ TargetGroupArn, Targets: [{ Id }] });
const KEY = 'blue/i-1:8080';

async function refusal(call: Promise<unknown>): Promise<Record<string, unknown>> {
  const error = (await call.then(
    () => new Error('it was accepted'),
    (cause: Error) => cause,
  )) as Error & { $metadata?: { httpStatusCode?: number } };
  return { name: error.name, message: error.message, status: error.$metadata?.httpStatusCode };
}

describe('target health', () => {
  it('goes through every state in AWS’s words, and is held at draining for the whole deregistration delay', async () => {
    const { group, nodes } = await made();
    expect(await health(group, 'i-1')).toEqual([
      ['i-1', 'unused', 'Target.NotRegistered', 'Target is not registered to the target group'],
    ]);
    await b.v2.send(new RegisterTargetsCommand(one(group)));
    expect(await health(group)).toEqual([
      ['i-1', 'initial', 'Elb.RegistrationInProgress', 'Target registration is in progress'],
    ]);
    await b.timers.advance(300);
    expect(await health(group)).toEqual([
      ['i-1', 'initial', 'Elb.InitialHealthChecking', 'Initial health checks in progress'],
    ]);
    for (const node of nodes) node.setHealth(KEY, 'healthy');
    expect(await health(group)).toEqual([['i-1', 'healthy', undefined, undefined]]);
    nodes[0]!.setHealth(KEY, 'unhealthy');
    expect(await health(group)).toEqual([['i-1', 'unhealthy', 'Target.FailedHealthChecks', 'Health checks failed']]);
    nodes[0]!.failure = { kind: 'timeout' };
    expect((await health(group))[0]!.slice(2)).toEqual(['Target.Timeout', 'Request timed out']);
    nodes[0]!.failure = { kind: 'status', status: 503 };
    expect((await health(group))[0]!.slice(2)).toEqual([
      'Target.ResponseCodeMismatch',
      'Health checks failed with these codes: [503]',
    ]);
    await b.v2.send(new DeregisterTargetsCommand(one(group)));
    await b.v2.send(new DeregisterTargetsCommand(one(group, 'i-unknown')));
    const draining = ['i-1', 'draining', 'Target.DeregistrationInProgress', 'Target deregistration is in progress'];
    // Nothing is in flight: the nodes have let go of it long before, the state says draining all the same.
    await b.timers.advance(299_000);
    expect(nodes.map((node) => node.holds(KEY))).toEqual([false, false]);
    expect(await health(group)).toEqual([draining]);
    await b.timers.advance(1_001);
    expect(await health(group)).toEqual([]);
    expect((await health(group, 'i-1'))[0]![1]).toBe('unused');
  });

  it('comes back from draining when registered again', async () => {
    const { group, nodes } = await made();
    await b.v2.send(new RegisterTargetsCommand(one(group)));
    await b.timers.advance(300);
    for (const node of nodes) node.setHealth(KEY, 'healthy');
    await b.v2.send(new DeregisterTargetsCommand(one(group)));
    await b.v2.send(new RegisterTargetsCommand(one(group)));
    await b.timers.advance(301_000);
    expect(nodes.map((node) => node.holds(KEY))).toEqual([true, true]);
    expect((await health(group))[0]![1]).not.toBe('draining');
  });

  it('is unused while no listener forwards to the group, and such a target goes at once', async () => {
    const { group, listener } = await made();
    await b.v2.send(new RegisterTargetsCommand(one(group)));
    await b.timers.advance(300);
    await b.v2.send(new DeleteListenerCommand({ ListenerArn: listener }));
    expect((await health(group))[0]!.slice(1, 3)).toEqual(['unused', 'Target.NotInUse']);
    await b.v2.send(new DeregisterTargetsCommand(one(group)));
    expect(await health(group)).toEqual([]);
  });

  it('lets a network balancer’s connections go on after the delay', async () => {
    const { group, nodes } = await made({}, 'network');
    await b.v2.send(new RegisterTargetsCommand(one(group)));
    await b.timers.advance(300);
    for (const node of nodes) node.setHealth(KEY, 'healthy');
    nodes[0]!.setInFlight(KEY, 1);
    await b.v2.send(new DeregisterTargetsCommand(one(group)));
    await b.timers.advance(299_900);
    expect((await health(group))[0]![1]).toBe('draining');
    await b.timers.advance(1_000);
    expect(await health(group)).toEqual([]);
    expect(nodes[0]!.holds(KEY)).toBe(true);
  });

  it('does not know a target yet that was registered a moment ago, when asked for it by name', async () => {
    const { group } = await made({ invalidInstanceForMs: 5_000 });
    await b.v2.send(new RegisterTargetsCommand(one(group)));
    expect(await refusal(health(group, 'i-1'))).toMatchObject({ name: 'InvalidTargetException', status: 400 });
    await b.timers.advance(5_000);
    expect(await health(group, 'i-1')).toHaveLength(1);
  });

  it('is as old as describeStaleMs', async () => {
    const { group } = await made({ describeStaleMs: 2_000 });
    await b.timers.advance(5_000);
    await b.v2.send(new RegisterTargetsCommand(one(group)));
    expect(await health(group)).toEqual([]);
    await b.timers.advance(2_000);
    expect(await health(group)).toHaveLength(1);
  });
});

describe('listeners and groups', () => {
  it('moves the targets of a listener to those of another group, in the nodes’ time', async () => {
    const { group, listener, nodes } = await made();
    await b.v2.send(new RegisterTargetsCommand(one(group)));
    const made2 = await b.v2.send(new CreateTargetGroupCommand({ Name: 'green', Protocol: 'HTTP', Port: 8080 }));
    const green = made2.TargetGroups![0]!.TargetGroupArn!;
    await b.v2.send(new RegisterTargetsCommand(one(green, 'i-1')));
    await b.timers.advance(300);
    expect([nodes[0]!.holds(KEY), nodes[0]!.holds('green/i-1:8080')]).toEqual([true, false]);
    await b.v2.send(
      new ModifyListenerCommand({
        ListenerArn: listener,
        DefaultActions: [{ Type: 'forward', TargetGroupArn: green }],
      }),
    );
    expect(nodes[0]!.holds(KEY)).toBe(true);
    await b.timers.advance(300);
    expect([nodes[0]!.holds(KEY), nodes[0]!.holds('green/i-1:8080')]).toEqual([false, true]);
    expect((await health(group))[0]!.slice(1, 3)).toEqual(['unused', 'Target.NotInUse']);
  });

  it('describes in full, by name and by ARN, in pages', async () => {
    const { lb, group, listener } = await made();
    const [balancer] = (await b.v2.send(new DescribeLoadBalancersCommand({ Names: ['shop'] }))).LoadBalancers!;
    expect(balancer).toMatchObject({
      LoadBalancerArn: expect.stringMatching(
        /^arn:aws:elasticloadbalancing:eu-west-1:\d{12}:loadbalancer\/app\/shop\/[0-9a-f]{16}$/,
      ),
      Type: 'application',
      State: { Code: 'active' },
      Scheme: 'internet-facing',
      AvailabilityZones: [{ ZoneName: 'eu-west-1a' }, { ZoneName: 'eu-west-1b' }],
    });
    const [described] = (await b.v2.send(new DescribeTargetGroupsCommand({ LoadBalancerArn: lb }))).TargetGroups!;
    expect(described).toMatchObject({
      TargetGroupArn: group,
      HealthCheckProtocol: 'HTTP',
      HealthCheckPath: '/',
      HealthCheckIntervalSeconds: 30,
      HealthCheckTimeoutSeconds: 5,
      HealthyThresholdCount: 5,
      UnhealthyThresholdCount: 2,
      Matcher: { HttpCode: '200' },
      LoadBalancerArns: [lb],
      TargetType: 'instance',
    });
    const [heard] = (await b.v2.send(new DescribeListenersCommand({ LoadBalancerArn: lb }))).Listeners!;
    expect(heard).toMatchObject({ ListenerArn: listener, Port: 80, Protocol: 'HTTP' });
    const { Rules } = await b.v2.send(new DescribeRulesCommand({ ListenerArn: listener }));
    expect(Rules).toMatchObject([{ Priority: 'default', IsDefault: true, Actions: [{ TargetGroupArn: group }] }]);
    for (const Name of ['g1', 'g2']) await b.v2.send(new CreateTargetGroupCommand({ Name, Protocol: 'HTTP', Port: 1 }));
    const first = await b.v2.send(new DescribeTargetGroupsCommand({ PageSize: 2 }));
    const second = await b.v2.send(new DescribeTargetGroupsCommand({ PageSize: 2, Marker: first.NextMarker! }));
    expect([...first.TargetGroups!, ...second.TargetGroups!].map((each) => each.TargetGroupName)).toEqual([
      'blue',
      'g1',
      'g2',
    ]);
    expect((await b.v2.send(new DescribeAccountLimitsCommand({}))).Limits!.length).toBeGreaterThan(3);
  });

  it('tells nodes of a changed check, matcher included', async () => {
    const { group, nodes } = await made();
    await b.v2.send(
      new ModifyTargetGroupCommand({
        TargetGroupArn: group,
        HealthCheckPath: '/ready',
        HealthCheckIntervalSeconds: 10,
        Matcher: { HttpCode: '200-299,301' },
      }),
    );
    expect(nodes[0]!.check).toMatchObject({
      path: '/ready',
      intervalMs: 10_000,
      codes: [
        [200, 299],
        [301, 301],
      ],
      initialChecks: 1,
    });
  });

  it('keeps attributes and tags', async () => {
    const { lb, group } = await made();
    const attribute = async (key: string) =>
      (await b.v2.send(new DescribeTargetGroupAttributesCommand({ TargetGroupArn: group }))).Attributes!.find(
        ({ Key }) => Key === key,
      )?.Value;
    expect(await attribute('deregistration_delay.timeout_seconds')).toBe('300');
    await b.v2.send(
      new ModifyTargetGroupAttributesCommand({
        TargetGroupArn: group,
        Attributes: [{ Key: 'deregistration_delay.timeout_seconds', Value: '5' }],
      }),
    );
    expect(await attribute('deregistration_delay.timeout_seconds')).toBe('5');
    await b.v2.send(
      new ModifyLoadBalancerAttributesCommand({
        LoadBalancerArn: lb,
        Attributes: [{ Key: 'deletion_protection.enabled', Value: 'true' }],
      }),
    );
    expect(await refusal(b.v2.send(new DeleteLoadBalancerCommand({ LoadBalancerArn: lb })))).toMatchObject({
      name: 'OperationNotPermittedException',
    });
    const { Attributes } = await b.v2.send(new DescribeLoadBalancerAttributesCommand({ LoadBalancerArn: lb }));
    expect(Attributes).toContainEqual({ Key: 'idle_timeout.timeout_seconds', Value: '60' });
    await b.v2.send(
      new AddTagsCommand({ ResourceArns: [lb, group], Tags: [{ Key: 'a', Value: '<1>' }, { Key: 'b' }] }),
    );
    await b.v2.send(new RemoveTagsCommand({ ResourceArns: [lb], TagKeys: ['b'] }));
    const tags = await b.v2.send(new DescribeTagsCommand({ ResourceArns: [lb, group] }));
    expect(tags.TagDescriptions!.map((each) => each.Tags)).toEqual([
      [{ Key: 'a', Value: '<1>' }],
      [
        { Key: 'a', Value: '<1>' },
        { Key: 'b', Value: '' },
      ],
    ]);
  });

  it('refuses in the words the SDK models, and deletes what is not there', async () => {
    const { lb, group, listener } = await made();
    const gone = `${group}0`;
    expect(await refusal(health(gone))).toEqual({
      name: 'TargetGroupNotFoundException',
      message: 'One or more target groups not found',
      status: 400,
    });
    expect(await refusal(b.v2.send(new DescribeLoadBalancersCommand({ Names: ['nope'] })))).toEqual({
      name: 'LoadBalancerNotFoundException',
      message: "Load balancers '[nope]' not found",
      status: 400,
    });
    expect(await refusal(b.v2.send(new RegisterTargetsCommand(one(group, 'i-foo'))))).toEqual({
      name: 'InvalidTargetException',
      message: "The following targets are not in a running state and cannot be registered: 'i-foo'",
      status: 400,
    });
    expect(await refusal(b.v2.send(new DeleteTargetGroupCommand({ TargetGroupArn: group })))).toMatchObject({
      name: 'ResourceInUseException',
    });
    const again = { LoadBalancerArn: lb, Protocol: 'HTTP' as const, Port: 80 };
    const forward = { DefaultActions: [{ Type: 'forward' as const, TargetGroupArn: group }] };
    expect(await refusal(b.v2.send(new CreateListenerCommand({ ...again, ...forward })))).toMatchObject({
      name: 'DuplicateListenerException',
    });
    const redirect = [{ Type: 'redirect' as const, RedirectConfig: { StatusCode: 'HTTP_301' as const } }];
    expect(
      await refusal(b.v2.send(new ModifyListenerCommand({ ListenerArn: listener, DefaultActions: redirect }))),
    ).toMatchObject({ name: 'InvalidConfigurationRequestException', status: 409 });
    const tcp = await b.v2.send(new CreateTargetGroupCommand({ Name: 'tcp', Protocol: 'TCP', Port: 1 }));
    const wrong = [{ Type: 'forward' as const, TargetGroupArn: tcp.TargetGroups![0]!.TargetGroupArn! }];
    expect(
      await refusal(b.v2.send(new ModifyListenerCommand({ ListenerArn: listener, DefaultActions: wrong }))),
    ).toMatchObject({ name: 'IncompatibleProtocolsException' });
    await b.v2.send(new DeleteLoadBalancerCommand({ LoadBalancerArn: lb }));
    await b.v2.send(new DeleteLoadBalancerCommand({ LoadBalancerArn: lb }));
    await b.v2.send(new DeleteTargetGroupCommand({ TargetGroupArn: group }));
    await b.v2.send(new DeleteTargetGroupCommand({ TargetGroupArn: group }));
    expect(
      (await b.v2.send(new DescribeTargetGroupsCommand({}))).TargetGroups!.map((each) => each.TargetGroupName),
    ).toEqual(['tcp']);
  });
});
