import {
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateTargetGroupCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { afterEach, describe, expect, it } from 'vitest';
import { elbv2Balancer } from '../../src/balancer/elbv2.js';
import { type ApiBench, apiBench } from '../lab/api/api-bench.js';

const signal = new AbortController().signal;
let b: ApiBench;
afterEach(() => b.close());

/** The driver in front of the lab's API, which other people's clients check too. */
async function made(type: 'application' | 'network') {
  b = await apiBench();
  const Protocol = type === 'application' ? 'HTTP' : 'TCP';
  const balancer = await b.v2.send(
    new CreateLoadBalancerCommand({ Name: 'shop', Type: type, Subnets: ['subnet-1ab0000a', 'subnet-1ab0000b'] }),
  );
  const group = async (Name: string) =>
    (await b.v2.send(new CreateTargetGroupCommand({ Name, Protocol, Port: 8080, VpcId: 'vpc-1' }))).TargetGroups?.[0]
      ?.TargetGroupArn ?? '';
  const forward = async (arn: string, Port: number) => {
    const DefaultActions = [{ Type: 'forward' as const, TargetGroupArn: arn }];
    const LoadBalancerArn = balancer.LoadBalancers?.[0]?.LoadBalancerArn;
    await b.v2.send(new CreateListenerCommand({ LoadBalancerArn, Protocol, Port, DefaultActions }));
  };
  const driver = (name: string) =>
    elbv2Balancer({
      name,
      arn: null,
      port: null,
      region: 'eu-west-1',
      endpoint: b.api.endpoint,
      credentials: { accessKeyId: 'lab', secretAccessKey: 'lab' },
      attempts: 1,
    });
  return { group, forward, driver };
}

describe('the ELBv2 driver and the lab', () => {
  it.each([
    ['application', 'alb', 'requests'],
    ['network', 'nlb', 'connections'],
  ] as const)('%s: describes, attaches, detaches, locks, and finds who is elsewhere', async (type, kind, balances) => {
    const { group, forward, driver } = await made(type);
    await forward(await group('blue'), 80);
    await forward(await group('green'), 81);
    const [instance] = [...b.account.instances.keys()];
    if (instance === undefined) throw new Error('the bench has no instances');
    const target = { id: 'one', instance };
    const [blue, green] = [driver('blue'), driver('green')];
    await blue.attach(target, signal);
    await green.attach(target, signal);
    expect(await blue.describe(signal)).toMatchObject({
      kind,
      balances,
      name: 'blue',
      members: [instance],
      drainTimeoutMs: 300_000,
      idleTimeoutMs: kind === 'alb' ? 60_000 : 350_000,
      elsewhere: { [instance]: ['target group green'] },
    });
    expect((await blue.health([target], signal))[0]).toMatchObject({ registered: true });
    await blue.detach(target, signal);
    await blue.detach(target, signal);
    expect((await blue.health([target], signal))[0]).toMatchObject({ registered: false });
    expect((await blue.describe(signal)).members).toEqual([]);
    await blue.lockTag?.write('me', signal);
    expect(await blue.lockTag?.read(signal)).toBe('me');
    await blue.lockTag?.remove(signal);
    expect(await blue.lockTag?.read(signal)).toBeNull();
    blue.close();
    green.close();
  });

  it('says what is not there', async () => {
    const { driver } = await made('application');
    const nope = driver('nope');
    await expect(nope.describe(signal)).rejects.toMatchObject({
      code: 'BALANCER_REFUSED',
      message: expect.stringContaining('TargetGroupNotFound'),
      hint: expect.stringContaining('balancer.targetGroup (nope)'),
    });
    nope.close();
  });
});
