import {
  AddTagsCommand,
  ConfigureHealthCheckCommand,
  CreateLoadBalancerCommand,
  DeleteLoadBalancerCommand,
  DeregisterInstancesFromLoadBalancerCommand,
  DescribeAccountLimitsCommand,
  DescribeInstanceHealthCommand,
  DescribeLoadBalancerAttributesCommand,
  DescribeLoadBalancersCommand,
  DescribeTagsCommand,
  ModifyLoadBalancerAttributesCommand,
  RegisterInstancesWithLoadBalancerCommand,
  RemoveTagsCommand,
} from '@aws-sdk/client-elastic-load-balancing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ApiBench, apiBench } from './api-bench.js';

const web = { LoadBalancerName: 'web' };
const instances = (...ids: string[]) => ({ Instances: ids.map((InstanceId) => ({ InstanceId })) });

let b: ApiBench;
beforeEach(async () => {
  b = await apiBench();
});
afterEach(async () => {
  expect(b.faults).toEqual([]);
  await b.close();
});

async function refusal(call: Promise<unknown>): Promise<Record<string, unknown>> {
  const error = await call.then(
    () => new Error('it was accepted'),
    (cause: Error) => cause,
  );
  const { name, message } = error;
  const { Code, $metadata, $fault } = error as unknown as Record<string, unknown> & {
    $metadata: { httpStatusCode: number };
  };
  return { name, message, Code, status: $metadata?.httpStatusCode, $fault };
}

describe('membership', () => {
  it('registers, tells each state, drains, and is gone', async () => {
    const health = async (): Promise<(string | undefined)[]> => {
      const answer = await b.client.send(new DescribeInstanceHealthCommand({ ...web, ...instances('i-1') }));
      const [state] = answer.InstanceStates!;
      return [state!.InstanceId, state!.State, state!.ReasonCode, state!.Description];
    };
    expect(await health()).toEqual([
      'i-1',
      'OutOfService',
      'Instance',
      'Instance is not currently registered with the LoadBalancer.',
    ]);
    const registered = await b.client.send(
      new RegisterInstancesWithLoadBalancerCommand({ ...web, ...instances('i-1', 'i-2', 'i-1') }),
    );
    expect(registered.Instances).toEqual([{ InstanceId: 'i-1' }, { InstanceId: 'i-2' }]);
    expect(await health()).toEqual(['i-1', 'OutOfService', 'ELB', 'Instance registration is still in progress.']);
    await b.timers.advance(300);
    for (const node of b.nodes) for (const id of ['i-1', 'i-2']) node.setHealth(id, 'healthy');
    expect(await health()).toEqual(['i-1', 'InService', 'N/A', 'N/A']);
    b.nodes[0]!.setInFlight('i-1', 1);
    const left = await b.client.send(new DeregisterInstancesFromLoadBalancerCommand({ ...web, ...instances('i-1') }));
    expect(left.Instances).toEqual([{ InstanceId: 'i-2' }]);
    expect(await health()).toEqual(['i-1', 'InService', 'N/A', 'Instance deregistration currently in progress.']);
    const listed = await b.client.send(new DescribeInstanceHealthCommand(web));
    expect(listed.InstanceStates!.map(({ InstanceId }) => InstanceId)).toEqual(['i-1', 'i-2']);
    const described = await b.client.send(new DescribeLoadBalancersCommand({ LoadBalancerNames: ['web'] }));
    expect(described.LoadBalancerDescriptions![0]!.Instances).toEqual([{ InstanceId: 'i-2' }]);
    b.nodes[0]!.setInFlight('i-1', 0);
    await b.timers.advance(300);
    expect((await health())[3]).toBe('Instance is not currently registered with the LoadBalancer.');
    await b.client.send(new DeregisterInstancesFromLoadBalancerCommand({ ...web, ...instances('i-2') }));
    await b.timers.advance(1_000);
    expect((await b.client.send(new DescribeInstanceHealthCommand(web))).InstanceStates).toEqual([]);
  });

  it('refuses unknown names and instances in the words the SDK models', async () => {
    expect(await refusal(b.client.send(new DescribeInstanceHealthCommand({ LoadBalancerName: 'a<b&"c\'' })))).toEqual({
      name: 'AccessPointNotFoundException',
      Code: 'LoadBalancerNotFound',
      message: `There is no ACTIVE Load Balancer named 'a<b&"c''`,
      status: 400,
      $fault: 'client',
    });
    const unknown = new RegisterInstancesWithLoadBalancerCommand({ ...web, ...instances('i-1', 'i-foo') });
    expect(await refusal(b.client.send(unknown))).toMatchObject({
      name: 'InvalidEndPointException',
      Code: 'InvalidInstance',
      message: 'Could not find EC2 instance i-foo.',
    });
    expect(b.balancer.members()).toEqual([]);
    const none = new RegisterInstancesWithLoadBalancerCommand({ ...web, Instances: [] });
    expect(await refusal(b.client.send(none))).toMatchObject({ Code: 'ValidationError', status: 400 });
  });
});

describe('balancers', () => {
  const listener = { Protocol: 'HTTP', LoadBalancerPort: 80, InstancePort: 8080 };
  const create = (name: string, more: object = {}) =>
    b.client.send(
      new CreateLoadBalancerCommand({
        LoadBalancerName: name,
        Listeners: [listener],
        AvailabilityZones: ['eu-west-1a'],
        ...more,
      }),
    );

  it('describes one in full', async () => {
    const answer = await b.client.send(new DescribeLoadBalancersCommand({ LoadBalancerNames: ['web'] }));
    const [web1] = answer.LoadBalancerDescriptions!;
    expect(web1).toMatchObject({
      LoadBalancerName: 'web',
      ListenerDescriptions: [
        {
          Listener: { Protocol: 'HTTP', LoadBalancerPort: 8080, InstanceProtocol: 'HTTP', InstancePort: 80 },
          PolicyNames: [],
        },
      ],
      AvailabilityZones: ['eu-west-1a', 'eu-west-1b'],
      Instances: [],
      HealthCheck: { Target: 'TCP:80', Interval: 30, Timeout: 5, UnhealthyThreshold: 2, HealthyThreshold: 10 },
      CreatedTime: new Date(Date.UTC(2026, 0, 2, 3, 4, 5)),
      Scheme: 'internet-facing',
    });
    expect(web1!.DNSName).toMatch(/^web-[0-9a-f]{8}\.eu-west-1\.elb\.amazonaws\.com\.lab\.invalid$/);
  });

  it('pages through all, in order, also when one goes meanwhile', async () => {
    for (const name of ['b', 'c', 'd', 'e']) await create(name);
    const page = async (Marker?: string) => {
      const answer = await b.client.send(
        new DescribeLoadBalancersCommand({ PageSize: 2, ...(Marker !== undefined && { Marker }) }),
      );
      return { names: answer.LoadBalancerDescriptions!.map((each) => each.LoadBalancerName), next: answer.NextMarker };
    };
    const first = await page();
    expect(first.names).toEqual(['web', 'b']);
    await b.client.send(new DeleteLoadBalancerCommand({ LoadBalancerName: 'b' }));
    const second = await page(first.next);
    expect(second.names).toEqual(['c', 'd']);
    const third = await page(second.next);
    expect(third).toEqual({ names: ['e'], next: undefined });
    expect(await refusal(page('nonsense'))).toMatchObject({ Code: 'ValidationError' });
    expect(await refusal(b.client.send(new DescribeLoadBalancersCommand({ PageSize: 401 })))).toMatchObject({
      Code: 'ValidationError',
      message:
        "1 validation error detected: Value '401' at 'pageSize' failed to satisfy constraint: Member must have value less than or equal to 400",
    });
    expect(
      await refusal(b.client.send(new DescribeLoadBalancersCommand({ LoadBalancerNames: ['web', 'b'] }))),
    ).toMatchObject({
      name: 'AccessPointNotFoundException',
    });
  });

  it('creates with AWS defaults, again the same, not twice differently, and deletes what is not there', async () => {
    const { DNSName } = await create('other');
    expect((await create('other')).DNSName).toBe(DNSName);
    expect(await refusal(create('other', { Scheme: 'internal' }))).toMatchObject({ Code: 'DuplicateLoadBalancerName' });
    const attributes = await b.client.send(new DescribeLoadBalancerAttributesCommand({ LoadBalancerName: 'other' }));
    expect(attributes.LoadBalancerAttributes).toMatchObject({
      CrossZoneLoadBalancing: { Enabled: false },
      ConnectionDraining: { Enabled: false, Timeout: 300 },
      ConnectionSettings: { IdleTimeout: 60 },
      AccessLog: { Enabled: false },
    });
    await b.client.send(
      new RegisterInstancesWithLoadBalancerCommand({ LoadBalancerName: 'other', ...instances('i-1') }),
    );
    await b.client.send(new DeleteLoadBalancerCommand({ LoadBalancerName: 'other' }));
    await b.client.send(new DeleteLoadBalancerCommand({ LoadBalancerName: 'other' }));
    expect(b.account.all().map((each) => each.identity.name)).toEqual(['web']);
  });

  it.each([
    ['x'.repeat(33), {}, /longer than 32/],
    ['a_b', {}, /alphanumeric/],
    ['ok', { Subnets: ['subnet-1'] }, /^Only one of SubnetIds or AvailabilityZones may be specified$/],
    ['ok', { AvailabilityZones: ['us-east-1a'] }, /^Invalid Availability Zone: us-east-1a$/],
    ['ok', { Listeners: [] }, /'listeners'/],
    ['ok', { Listeners: [{ ...listener, Protocol: 'GOPHER' }] }, /must be one of/],
  ])('does not create %s %j', async (name, more, message) => {
    const seen = await refusal(create(name, more));
    expect(seen).toMatchObject({ Code: 'ValidationError', status: 400 });
    expect(seen.message).toMatch(message);
  });
});

describe('settings', () => {
  it('modifies attributes and answers with the changed ones only', async () => {
    const LoadBalancerAttributes = { ConnectionDraining: { Enabled: true, Timeout: 7 } };
    const changed = await b.client.send(new ModifyLoadBalancerAttributesCommand({ ...web, LoadBalancerAttributes }));
    expect(changed.LoadBalancerName).toBe('web');
    expect(changed.LoadBalancerAttributes).toEqual(LoadBalancerAttributes);
    const all = await b.client.send(new DescribeLoadBalancerAttributesCommand(web));
    expect(all.LoadBalancerAttributes).toEqual({
      AccessLog: { Enabled: false },
      CrossZoneLoadBalancing: { Enabled: true },
      ConnectionDraining: { Enabled: true, Timeout: 7 },
      ConnectionSettings: { IdleTimeout: 60 },
      AdditionalAttributes: [{ Key: 'elb.http.desyncmitigationmode', Value: 'defensive' }],
    });
    expect(b.balancer.attributes.drain).toEqual({ enabled: true, timeoutMs: 7_000 });
  });

  it.each([
    [{ ConnectionDraining: { Enabled: true, Timeout: 3601 } }, 'ValidationError', 400],
    [{ ConnectionDraining: { Enabled: undefined, Timeout: 5 } }, 'ValidationError', 400],
    [{ ConnectionSettings: { IdleTimeout: 5 } }, 'InvalidConfigurationRequest', 409],
    [{ AccessLog: { Enabled: true } }, 'InvalidConfigurationRequest', 409],
    [{ AdditionalAttributes: [{ Key: 'nope', Value: '1' }] }, 'LoadBalancerAttributeNotFound', 400],
  ])('refuses %j and changes nothing', async (LoadBalancerAttributes, Code, status) => {
    const before = b.balancer.attributes;
    const call = new ModifyLoadBalancerAttributesCommand({
      ...web,
      LoadBalancerAttributes: { CrossZoneLoadBalancing: { Enabled: false }, ...LoadBalancerAttributes } as never,
    });
    expect(await refusal(b.client.send(call))).toMatchObject({ Code, status });
    expect(b.balancer.attributes).toEqual(before);
  });

  it('configures the health check within AWS bounds', async () => {
    const HealthCheck = { Target: 'HTTP:80/ping', Interval: 5, Timeout: 2, UnhealthyThreshold: 2, HealthyThreshold: 3 };
    const configure = (more: object) =>
      b.client.send(new ConfigureHealthCheckCommand({ ...web, HealthCheck: { ...HealthCheck, ...more } }));
    expect((await configure({})).HealthCheck).toEqual(HealthCheck);
    expect(b.nodes[0]!.check.path).toBe('/ping');
    expect(await refusal(configure({ Target: 'HTTP:80' }))).toMatchObject({
      Code: 'ValidationError',
      message:
        'HealthCheck HTTP Target must specify a port followed by a path that begins with a slash. e.g. HTTP:80/ping/this/path',
    });
    for (const bad of [
      { Interval: 4 },
      { Interval: 301 },
      { Timeout: 5 },
      { HealthyThreshold: 1 },
      { Target: 'UDP:1' },
      { Target: 'TCP:0' },
    ]) {
      expect(await refusal(configure(bad))).toMatchObject({ Code: 'ValidationError', status: 400 });
    }
    expect(b.balancer.healthCheck).toEqual(HealthCheck);
  });

  it('keeps tags', async () => {
    const LoadBalancerNames = ['web'];
    const tags = async () => {
      const answer = await b.client.send(new DescribeTagsCommand({ LoadBalancerNames }));
      return answer.TagDescriptions;
    };
    await b.client.send(
      new AddTagsCommand({ LoadBalancerNames, Tags: [{ Key: 'rollproof:lock', Value: 'a&b <c>' }, { Key: 'k' }] }),
    );
    expect(await tags()).toEqual([
      {
        LoadBalancerName: 'web',
        Tags: [
          { Key: 'rollproof:lock', Value: 'a&b <c>' },
          { Key: 'k', Value: '' },
        ],
      },
    ]);
    await b.client.send(new RemoveTagsCommand({ LoadBalancerNames, Tags: [{ Key: 'k' }, { Key: 'never' }] }));
    expect((await tags())![0]!.Tags).toEqual([{ Key: 'rollproof:lock', Value: 'a&b <c>' }]);
    const twice = new AddTagsCommand({ LoadBalancerNames, Tags: [{ Key: 'k' }, { Key: 'k' }] });
    expect(await refusal(b.client.send(twice))).toMatchObject({ Code: 'DuplicateTagKeys' });
    expect((await b.client.send(new DescribeAccountLimitsCommand({}))).Limits).toContainEqual({
      Name: 'classic-listeners',
      Max: '100',
    });
  });
});
