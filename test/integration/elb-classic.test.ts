import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
// Built modules: the lab is a process of its own.
import { launchLab } from '../../dist/lab/launch.js';
import { classicBalancer } from '../../src/balancer/elb-classic.js';
import type { Balancer } from '../../src/domain/ports.js';
import type { Target } from '../../src/domain/target.js';

type Lab = Awaited<ReturnType<typeof launchLab>>;
const one: Target = { id: 'staging-1', instance: 'i-1' };
const two: Target = { id: 'staging-2', instance: 'i-2' };
const signal = new AbortController().signal;
const credentials = { accessKeyId: 'lab', secretAccessKey: 'lab' };

let lab: Lab;
let balancer: Balancer;

beforeAll(async () => {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  lab = await launchLab({
    preset: 'lab-fast',
    name: 'lb',
    region: 'us-east-1',
    seed: 3,
    knobs: {
      deregisterPropagationMs: [100, 200],
      registerPropagationMs: [10, 20],
      registerDelayMs: 20,
      healthIntervalMs: 100,
    },
    instances: [one, two].map((t) => ({ target: t.id, instance: t.instance })),
    version: 'v1',
  });
  balancer = classicBalancer({ name: lab.loadBalancer, region: lab.region, endpoint: lab.endpoint, credentials });
  await vi.waitUntil(async () => (await balancer.health([one, two], signal)).every((h) => h.state === 'healthy'), {
    timeout: 10_000,
  });
}, 30_000);
afterAll(async () => {
  balancer?.close();
  await lab?.stop();
});

describe('the Classic ELB driver through AWS’s SDK', () => {
  it('reads what the preflight needs', async () => {
    expect(await balancer.describe(signal)).toMatchObject({
      name: 'lb',
      members: expect.arrayContaining(['i-1', 'i-2']),
      drainingEnabled: true,
      drainTimeoutMs: 5_000,
    });
  });

  it('sees draining as draining although ELB still says InService, then gone, then back', async () => {
    const node = lab.nodes[0];
    if (node === undefined) throw new Error('the lab has no nodes');
    // Requests held on both targets keep the drain open.
    const held = Array.from({ length: 12 }, () =>
      fetch(`http://${node.host}:${node.port}/hold?ms=1500`).then((r) => r.status),
    );
    await new Promise((resolve) => setTimeout(resolve, 300));
    await balancer.detach(one, signal);
    const [draining] = await balancer.health([one], signal);
    expect(draining).toEqual({
      target: 'staging-1',
      state: 'draining',
      registered: false,
      reasonCode: 'N/A',
      description: 'Instance deregistration currently in progress.',
    });
    await expect.poll(async () => (await balancer.health([one], signal))[0]?.state, { timeout: 10_000 }).toBe('unused');
    expect(await Promise.all(held)).toEqual(Array(12).fill(200));
    await balancer.attach(one, signal);
    expect((await balancer.health([one], signal))[0]).toMatchObject({ registered: true });
    await expect
      .poll(async () => (await balancer.health([one], signal))[0]?.state, { timeout: 10_000 })
      .toBe('healthy');
  });

  it('detaches and attaches twice without harm', async () => {
    await balancer.detach(two, signal);
    await balancer.detach(two, signal);
    await balancer.attach(two, signal);
    await balancer.attach(two, signal);
    await expect
      .poll(async () => (await balancer.health([two], signal))[0]?.state, { timeout: 10_000 })
      .toBe('healthy');
  });

  it('says what is wrong in the balancer’s own words, and what to check', async () => {
    const wrong = classicBalancer({ name: 'nope', region: 'us-east-1', endpoint: lab.endpoint, credentials });
    await expect(wrong.describe(signal)).rejects.toMatchObject({
      code: 'BALANCER_REFUSED',
      message: expect.stringContaining("LoadBalancerNotFound: There is no ACTIVE Load Balancer named 'nope'"),
      hint: expect.stringContaining('balancer.name'),
    });
    await expect(balancer.detach({ id: 'x', instance: 'i-unknown' }, signal)).rejects.toMatchObject({
      message: expect.stringContaining('InvalidInstance'),
    });
    wrong.close();
  });

  it('says when nobody answers', async () => {
    const gone = classicBalancer({ name: 'lb', region: 'us-east-1', endpoint: 'http://127.0.0.1:9', credentials });
    await expect(gone.describe(signal)).rejects.toMatchObject({ code: 'BALANCER_UNREACHABLE' });
    gone.close();
  });

  it('quotes the command a person would run by hand', () => {
    const odd = classicBalancer({ name: "a'b; rm", region: 'us-east-1', endpoint: null, credentials });
    expect(odd.attachCommand(one)).toBe(
      "aws elb register-instances-with-load-balancer --region us-east-1 --load-balancer-name 'a'\\''b; rm' --instances i-1",
    );
    odd.close();
  });
});
