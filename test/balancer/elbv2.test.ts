import { afterEach, describe, expect, it } from 'vitest';
import {
  type Answer,
  type Api,
  ARN,
  attributes,
  balancers,
  elbv2Api,
  group,
  groups,
  targetHealth,
} from './elbv2-api.js';

const signal = new AbortController().signal;
const one = { id: 'one', instance: 'i-1' };
const two = { id: 'two', instance: 'i-2' };
let api: Api;
afterEach(() => api.close());

const OTHER = 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/green/1123456789abcdef';
const ALB: Readonly<Record<string, Answer>> = {
  DescribeTargetGroups: groups(group()),
  DescribeTargetGroupAttributes: attributes({
    'deregistration_delay.timeout_seconds': '120',
    'slow_start.duration_seconds': '45',
    'load_balancing.cross_zone.enabled': 'use_load_balancer_configuration',
  }),
  DescribeTargetHealth: targetHealth(['i-1', 8080, 'healthy'], ['i-2', 8080, 'healthy']),
  DescribeLoadBalancers: balancers('application'),
  DescribeLoadBalancerAttributes: attributes({
    'idle_timeout.timeout_seconds': '60',
    'load_balancing.cross_zone.enabled': 'true',
  }),
};

describe('the ELBv2 driver', () => {
  it('looks the target group up once and registers and deregisters by instance id', async () => {
    api = await elbv2Api({ DescribeTargetGroups: groups(group()), RegisterTargets: '', DeregisterTargets: '' });
    await api.balancer.detach(one, signal);
    await api.balancer.attach(two, signal);
    expect(api.calls.map((call) => call.Action)).toEqual([
      'DescribeTargetGroups',
      'DeregisterTargets',
      'RegisterTargets',
    ]);
    expect(api.calls[0]).toMatchObject({ 'Names.member.1': 'blue' });
    expect(api.last('DeregisterTargets')).toMatchObject({ TargetGroupArn: ARN, 'Targets.member.1.Id': 'i-1' });
    expect(api.last('DeregisterTargets')).not.toHaveProperty('Targets.member.1.Port');
    expect(api.last('RegisterTargets')).toMatchObject({ TargetGroupArn: ARN, 'Targets.member.1.Id': 'i-2' });
  });

  it('names the port where targets are registered with another than the group’s', async () => {
    api = await elbv2Api({ DeregisterTargets: '', DescribeTargetHealth: targetHealth() }, { arn: ARN, port: 9000 });
    await api.balancer.detach(one, signal);
    await api.balancer.health([one], signal);
    expect(api.last('DeregisterTargets')).toMatchObject({ 'Targets.member.1.Port': '9000' });
    expect(api.last('DescribeTargetHealth')).toMatchObject({ 'Targets.member.1.Port': '9000' });
  });

  it('tells health in the order asked, with AWS’s reason and words', async () => {
    const words = 'Health checks failed with these codes: [503]';
    const told = targetHealth(
      ['i-1', 8080, 'healthy'],
      ['i-2', 8080, 'unhealthy', 'Target.ResponseCodeMismatch', words],
    );
    api = await elbv2Api({ DescribeTargetHealth: told }, { arn: ARN });
    expect(await api.balancer.health([two, one, { id: 'three', instance: 'i-3' }], signal)).toEqual([
      {
        target: 'two',
        state: 'unhealthy',
        registered: true,
        reasonCode: 'Target.ResponseCodeMismatch',
        description: words,
      },
      { target: 'one', state: 'healthy', registered: true, reasonCode: 'N/A', description: 'it is healthy' },
      {
        target: 'three',
        state: 'unavailable',
        registered: false,
        reasonCode: 'N/A',
        description: 'the load balancer gave no reason',
      },
    ]);
    expect(await api.balancer.health([], signal)).toEqual([]);
  });

  it('describes an Application Load Balancer’s target group', async () => {
    api = await elbv2Api(ALB);
    expect(await api.balancer.describe(signal)).toEqual({
      kind: 'alb',
      name: 'blue',
      dnsName: 'shop.elb.amazonaws.com',
      members: ['i-1', 'i-2'],
      drainingEnabled: true,
      drainTimeoutMs: 120_000,
      drainEnds: true,
      slowStartMs: 45_000,
      idleTimeoutMs: 60_000,
      crossZone: true,
      zones: ['eu-west-1a', 'eu-west-1b'],
      balances: 'requests',
      elsewhere: {},
      healthCheck: {
        target: 'HTTP:8080/health',
        intervalMs: 30_000,
        timeoutMs: 5_000,
        healthyThreshold: 5,
        unhealthyThreshold: 2,
      },
    });
  });

  it('describes a Network Load Balancer’s: by connections, two minutes to leave, open flows go on, idle per listener', async () => {
    const listeners = `<Listeners><member><ListenerArn>l-1</ListenerArn><DefaultActions><member><Type>forward</Type><TargetGroupArn>${ARN}</TargetGroupArn></member></DefaultActions></member></Listeners>`;
    api = await elbv2Api({
      ...ALB,
      DescribeTargetGroupAttributes: attributes({
        'deregistration_delay.timeout_seconds': '0',
        'deregistration_delay.connection_termination.enabled': 'false',
        'load_balancing.cross_zone.enabled': 'false',
      }),
      DescribeLoadBalancers: balancers('network'),
      DescribeListeners: listeners,
      DescribeListenerAttributes: attributes({ 'tcp.idle_timeout.seconds': '350' }),
    });
    expect(await api.balancer.describe(signal)).toMatchObject({
      kind: 'nlb',
      balances: 'connections',
      leaveMs: 120_000,
      joinMs: 180_000,
      drainingEnabled: true,
      drainEnds: false,
      idleTimeoutMs: 350_000,
      crossZone: false,
      slowStartMs: 0,
    });
  });

  it('counts neither who drains nor who is registered with another port as a member', async () => {
    const told = targetHealth(
      ['i-1', 8080, 'draining', 'Target.DeregistrationInProgress'],
      ['i-2', 9999, 'healthy'],
      ['i-3', 8080, 'unused', 'Target.NotInUse'],
    );
    api = await elbv2Api({ ...ALB, DescribeTargetHealth: told });
    expect(await api.balancer.describe(signal)).toMatchObject({
      members: ['i-3'],
      elsewhere: { 'i-2': ['blue at port 9999'] },
    });
  });

  it('finds members in other target groups that get traffic, page by page, and in no others', async () => {
    const idle = group({ TargetGroupArn: 'arn:idle', TargetGroupName: 'idle', LoadBalancerArns: '' });
    const green = group({ TargetGroupArn: OTHER, TargetGroupName: 'green' });
    api = await elbv2Api({
      ...ALB,
      DescribeTargetGroups: (call) => {
        if (call['Names.member.1'] !== undefined) return groups(group());
        return call.Marker === undefined ? `${groups(group(), idle)}<NextMarker>m</NextMarker>` : groups(green);
      },
      DescribeTargetHealth: (call) =>
        call.TargetGroupArn === OTHER
          ? targetHealth(['i-2', 8080, 'healthy'], ['i-9', 8080, 'healthy'])
          : targetHealth(['i-1', 8080, 'healthy'], ['i-2', 8080, 'healthy']),
    });
    expect(await api.balancer.describe(signal)).toMatchObject({ elsewhere: { 'i-2': ['target group green'] } });
    expect(api.calls.filter((call) => call.TargetGroupArn === 'arn:idle')).toEqual([]);
  });

  it('does not say who is elsewhere when there are too many target groups to look into', async () => {
    const many = Array.from({ length: 101 }, (_, i) => group({ TargetGroupArn: `arn:${i}`, TargetGroupName: `g${i}` }));
    api = await elbv2Api({
      ...ALB,
      DescribeTargetGroups: (call) => groups(...(call['Names.member.1'] === undefined ? many : [group()])),
    });
    expect(await api.balancer.describe(signal)).toMatchObject({ elsewhere: null });
  });

  it('refuses a target group whose targets are no servers', async () => {
    api = await elbv2Api({ ...ALB, DescribeTargetGroups: groups(group({ TargetType: 'lambda' })) });
    await expect(api.balancer.describe(signal)).rejects.toMatchObject({
      code: 'BALANCER_REFUSED',
      message: 'targets of blue are of type lambda, not servers',
    });
  });

  it('keeps the lock as a tag of the target group', async () => {
    const tags =
      '<TagDescriptions><member><Tags><member><Key>rollproof:lock</Key><Value>me</Value></member></Tags></member></TagDescriptions>';
    api = await elbv2Api({ AddTags: '', RemoveTags: '', DescribeTags: tags }, { arn: ARN });
    await api.balancer.lockTag?.write('me', signal);
    expect(await api.balancer.lockTag?.read(signal)).toBe('me');
    await api.balancer.lockTag?.remove(signal);
    expect(api.last('AddTags')).toMatchObject({ 'ResourceArns.member.1': ARN, 'Tags.member.1.Value': 'me' });
    expect(api.last('RemoveTags')).toMatchObject({ 'TagKeys.member.1': 'rollproof:lock' });
  });

  it('gives a command that works by hand, before and after the ARN is known', async () => {
    api = await elbv2Api({ DescribeTargetGroups: groups(group()), DeregisterTargets: '' }, { port: 9000 });
    const before = api.balancer.attachCommand(one);
    expect(before).toMatch(
      /^aws elbv2 register-targets --region eu-west-1 --endpoint-url http:\S+ --target-group-arn "\$\(aws elbv2 describe-target-groups --region eu-west-1 --endpoint-url http:\S+ --names blue --query 'TargetGroups\[0\]\.TargetGroupArn' --output text\)" --targets Id=i-1,Port=9000$/,
    );
    await api.balancer.detach(one, signal);
    expect(api.balancer.attachCommand(one)).toContain(`--target-group-arn ${ARN} --targets Id=i-1,Port=9000`);
  });
});

describe('what the ELBv2 API says against a call', () => {
  it.each([
    [400, 'Throttling', 'Rate exceeded', 'BALANCER_UNREACHABLE', /again in a moment/],
    [500, 'HealthUnavailable', 'The health is not available', 'BALANCER_UNREACHABLE', /again in a moment/],
    [400, 'TargetGroupNotFound', 'One or more not found', 'BALANCER_REFUSED', /balancer\.targetGroup \(\S+targetgroup/],
    [400, 'InvalidTarget', 'not in a running state', 'BALANCER_REFUSED', /targets\[\]\.instance/],
    [400, 'TooManyTargets', 'limit', 'BALANCER_REFUSED', /is full/],
    [403, 'AccessDenied', 'no', 'BALANCER_REFUSED', /RegisterTargets and DeregisterTargets/],
    [403, 'InvalidClientTokenId', 'bad', 'BALANCER_REFUSED', /log in again/],
  ])('%i %s says what to do about it', async (status, code, message, expected, hint) => {
    api = await elbv2Api({ RegisterTargets: { status, code, message } }, { arn: ARN });
    await expect(api.balancer.attach(one, signal)).rejects.toMatchObject({
      code: expected,
      message: expect.stringContaining(`${code}: ${message}`),
      hint: expect.stringMatching(hint),
    });
  });

  it('asks for the target group again after a look-up that failed', async () => {
    let asked = 0;
    api = await elbv2Api({
      DescribeTargetGroups: () =>
        ++asked === 1 ? { status: 503, code: 'ServiceUnavailable', message: 'later' } : groups(group()),
      DeregisterTargets: '',
    });
    await expect(api.balancer.detach(one, signal)).rejects.toMatchObject({ code: 'BALANCER_UNREACHABLE' });
    await api.balancer.detach(one, signal);
    expect(api.last('DeregisterTargets')).toMatchObject({ TargetGroupArn: ARN });
  });
});
