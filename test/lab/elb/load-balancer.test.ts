import { describe, expect, it } from 'vitest';
import { type Bench, bench } from '../fakes.js';

const REGISTERING = ['OutOfService', 'ELB', 'Instance registration is still in progress.'];
const INITIAL = [
  'OutOfService',
  'Instance',
  'Instance has not passed the configured HealthyThreshold number of health checks consecutively.',
];
const IN_SERVICE = ['InService', 'N/A', 'N/A'];
const UNHEALTHY = [
  'OutOfService',
  'Instance',
  'Instance has failed at least the UnhealthyThreshold number of health checks consecutively.',
];
const DRAINING = ['InService', 'N/A', 'Instance deregistration currently in progress.'];
const GONE = ['OutOfService', 'Instance', 'Instance is not currently registered with the LoadBalancer.'];

function told({ balancer }: Bench, id = 'i-1'): string[] {
  const [state] = balancer.describedHealth([id]);
  return [state!.State, state!.ReasonCode, state!.Description];
}

function all(b: Bench, health: 'healthy' | 'unhealthy', id = 'i-1'): void {
  for (const node of b.nodes) node.setHealth(id, health);
}

async function inService(b: Bench, ...ids: string[]): Promise<Bench> {
  b.balancer.register(ids, 'at-once');
  for (const id of ids) all(b, 'healthy', id);
  await b.timers.advance(0);
  return b;
}

describe('registration', () => {
  it('is registering until the delay is over and every node has it, then needs each node to find it healthy', async () => {
    const b = await bench();
    expect(told(b)).toEqual(GONE);
    b.balancer.register(['i-1']);
    expect(b.balancer.members()).toEqual(['i-1']);
    expect(told(b)).toEqual(REGISTERING);
    await b.timers.advance(299);
    expect(told(b)).toEqual(REGISTERING);
    expect(b.nodes.map((node) => node.holds('i-1'))).toEqual([false, false]);
    await b.timers.advance(1);
    expect(told(b)).toEqual(INITIAL);
    b.nodes[0]!.setHealth('i-1', 'healthy');
    expect(told(b)).toEqual(INITIAL);
    b.nodes[1]!.setHealth('i-1', 'healthy');
    expect(told(b)).toEqual(IN_SERVICE);
  });

  it('waits for the slowest node even when the first already serves', async () => {
    const b = await bench({ registerPropagationMs: [0, 5_000] }, {}, 4);
    b.balancer.register(['i-1']);
    const arrivals: number[] = [];
    for (let ms = 0; ms < 6_000; ms += 10) {
      await b.timers.advance(10);
      all(b, 'healthy');
      const having = b.nodes.filter((node) => node.holds('i-1')).length;
      if (having > arrivals.length) arrivals.push(b.timers.now());
      expect(told(b)).toEqual(having < 2 ? REGISTERING : IN_SERVICE);
    }
    expect(arrivals[1]! - arrivals[0]!).toBeGreaterThan(100);
  });

  it('twice is once', async () => {
    const b = await bench();
    b.balancer.register(['i-1', 'i-1']);
    await b.timers.advance(250);
    b.balancer.register(['i-1']);
    await b.timers.advance(50);
    expect(told(b)).toEqual(INITIAL);
    expect(b.nodes[0]!.calls).toEqual(['add i-1']);
    expect(b.balancer.members()).toEqual(['i-1']);
  });

  it('withdrawn before any node had it leaves nothing behind', async () => {
    const b = await bench();
    b.balancer.register(['i-1']);
    await b.timers.advance(100);
    b.balancer.deregister(['i-1']);
    expect(told(b)).toEqual(GONE);
    await b.timers.advance(10_000);
    expect(b.nodes.flatMap((node) => node.calls)).toEqual([]);
    expect(told(b)).toEqual(GONE);
  });
});

describe('health', () => {
  it('one node that finds it unhealthy is enough', async () => {
    const b = await inService(await bench(), 'i-1');
    expect(told(b)).toEqual(IN_SERVICE);
    b.nodes[1]!.setHealth('i-1', 'unhealthy');
    expect(told(b)).toEqual(UNHEALTHY);
    b.nodes[1]!.setHealth('i-1', 'healthy');
    expect(told(b)).toEqual(IN_SERVICE);
  });

  it('reaches the nodes when reconfigured, keeping the knob for first checks', async () => {
    const b = await bench({ initialHealthyChecks: 3 });
    const record = { Target: 'HTTP:80/ping', Interval: 7, Timeout: 3, UnhealthyThreshold: 4, HealthyThreshold: 5 };
    b.balancer.configureHealthCheck(record);
    expect(b.nodes[1]!.check).toEqual({
      kind: 'http',
      path: '/ping',
      intervalMs: 7_000,
      timeoutMs: 3_000,
      unhealthyThreshold: 4,
      healthyThreshold: 5,
      initialChecks: 3,
    });
  });
});

describe('deregistration', () => {
  it('leaves the record at once and drains until the last node is done', async () => {
    const b = await inService(await bench(), 'i-1', 'i-2');
    b.nodes[0]!.setInFlight('i-1', 1);
    b.nodes[1]!.setInFlight('i-1', 1);
    b.balancer.deregister(['i-1']);
    expect(b.balancer.members()).toEqual(['i-2']);
    expect(told(b)).toEqual(DRAINING);
    // Listed without being asked for, though the record no longer has it.
    expect(b.balancer.describedHealth(null).map((state) => state.InstanceId)).toEqual(['i-1', 'i-2']);
    await b.timers.advance(299);
    expect(b.nodes.map((node) => node.health('i-1'))).toEqual(['healthy', 'healthy']);
    await b.timers.advance(1);
    expect(b.nodes.map((node) => node.health('i-1'))).toEqual(['absent', 'absent']);
    b.nodes[0]!.setInFlight('i-1', 0);
    await b.timers.advance(0);
    expect(told(b)).toEqual(DRAINING);
    b.nodes[1]!.setInFlight('i-1', 0);
    await b.timers.advance(0);
    expect(told(b)).toEqual(GONE);
    expect(b.balancer.describedHealth(null).map((state) => state.InstanceId)).toEqual(['i-2']);
  });

  it('ends at the drain timeout', async () => {
    const b = await inService(await bench({ drainTimeoutMs: 2_000 }), 'i-1');
    b.nodes[0]!.setInFlight('i-1', 1);
    b.balancer.deregister(['i-1']);
    await b.timers.advance(2_299);
    expect(told(b)).toEqual(DRAINING);
    await b.timers.advance(1);
    expect(told(b)).toEqual(GONE);
  });

  it('without draining says gone at once, while the nodes still route to it', async () => {
    const b = await inService(await bench({ drainEnabled: false }), 'i-1');
    b.balancer.deregister(['i-1']);
    expect(told(b)).toEqual(GONE);
    expect(b.nodes[0]!.health('i-1')).toBe('healthy');
    await b.timers.advance(300);
    expect(b.nodes[0]!.calls).toEqual(['add i-1', 'remove i-1 off']);
  });

  it('of one that is not registered is nothing', async () => {
    const b = await bench();
    b.balancer.deregister(['i-1']);
    await b.timers.advance(5_000);
    expect(told(b)).toEqual(GONE);
    expect(b.nodes[0]!.calls).toEqual([]);
  });

  it('draws each node its own delay', async () => {
    const b = await inService(await bench({ deregisterPropagationMs: [300, 1_000] }), 'i-1');
    b.balancer.deregister(['i-1']);
    await b.timers.advance(1_000);
    const removals = b.balancer.events.filter(({ change }) => change === 'removing').map(({ atMs }) => atMs);
    expect(removals).toHaveLength(2);
    expect(new Set(removals).size).toBe(2);
    for (const atMs of removals) expect(atMs).toBeGreaterThanOrEqual(300);
  });
});

describe('changes of mind', () => {
  it('register while draining: out of service again, then back through its first checks', async () => {
    const b = await inService(await bench(), 'i-1');
    b.nodes[0]!.setInFlight('i-1', 1);
    b.balancer.deregister(['i-1']);
    await b.timers.advance(400);
    expect(told(b)).toEqual(DRAINING);
    b.balancer.register(['i-1']);
    expect(told(b)).toEqual(REGISTERING);
    await b.timers.advance(300);
    expect(told(b)).toEqual(INITIAL);
    all(b, 'healthy');
    expect(told(b)).toEqual(IN_SERVICE);
    // The old drain's timeout must not take it out again.
    await b.timers.advance(10_000);
    expect(told(b)).toEqual(IN_SERVICE);
  });

  it('register before any node let go: the late removal is dropped', async () => {
    const b = await inService(await bench({ deregisterPropagationMs: 5_000 }), 'i-1');
    b.balancer.deregister(['i-1']);
    await b.timers.advance(100);
    b.balancer.register(['i-1']);
    expect(told(b)).toEqual(REGISTERING);
    await b.timers.advance(300);
    expect(told(b)).toEqual(IN_SERVICE);
    await b.timers.advance(10_000);
    expect(told(b)).toEqual(IN_SERVICE);
    expect(b.nodes[0]!.calls).toEqual(['add i-1']);
  });

  it('deregister, register, deregister in a row ends gone', async () => {
    const b = await inService(await bench(), 'i-1');
    b.balancer.deregister(['i-1']);
    b.balancer.register(['i-1']);
    b.balancer.deregister(['i-1']);
    expect(told(b)).toEqual(DRAINING);
    await b.timers.advance(10_000);
    expect(told(b)).toEqual(GONE);
    expect(b.nodes[0]!.calls).toEqual(['add i-1', 'remove i-1 5000']);
  });

  it('register and deregister again while the first drain runs keeps draining', async () => {
    const b = await inService(await bench(), 'i-1');
    b.nodes[0]!.setInFlight('i-1', 1);
    b.balancer.deregister(['i-1']);
    await b.timers.advance(400);
    b.balancer.register(['i-1']);
    b.balancer.deregister(['i-1']);
    expect(told(b)).toEqual(DRAINING);
    b.nodes[0]!.setInFlight('i-1', 0);
    await b.timers.advance(1_000);
    expect(told(b)).toEqual(GONE);
  });
});

describe('zones', () => {
  it('without cross-zone a node routes to its own zone only', async () => {
    const b = await inService(await bench({ crossZone: false }), 'i-1', 'i-2');
    expect(b.nodes.map((node) => [node.holds('i-1'), node.holds('i-2')])).toEqual([
      [true, false],
      [false, true],
    ]);
    expect(told(b)).toEqual(IN_SERVICE);
    b.balancer.modifyAttributes({ crossZone: true });
    await b.timers.advance(500);
    all(b, 'healthy', 'i-1');
    expect(b.nodes.map((node) => node.health('i-1'))).toEqual(['healthy', 'healthy']);
    b.balancer.modifyAttributes({ crossZone: false });
    await b.timers.advance(500);
    expect(b.nodes.map((node) => node.holds('i-1'))).toEqual([true, false]);
    expect(told(b)).toEqual(IN_SERVICE);
  });

  it('an instance of a zone that is not enabled never serves', async () => {
    const b = await bench({}, { zones: ['eu-west-1a'] });
    b.balancer.register(['i-2']);
    await b.timers.advance(5_000);
    expect(told(b, 'i-2')[2]).toMatch(/^Instance is in the EC2 Availability Zone/);
  });
});

it('describe calls never see further back than forgetPast', async () => {
  const b = await inService(await bench({ describeStaleMs: 60_000 }), 'i-1');
  expect(told(b)).not.toEqual(IN_SERVICE);
  b.balancer.forgetPast();
  expect(told(b)).toEqual(IN_SERVICE);
  expect(b.balancer.describedMembers()).toEqual(['i-1']);
});

it('describe calls can be late by describeStaleMs', async () => {
  const b = await inService(await bench({ describeStaleMs: 700 }), 'i-1');
  await b.timers.advance(1_000);
  expect(told(b)).toEqual(IN_SERVICE);
  b.balancer.deregister(['i-1']);
  expect(b.balancer.members()).toEqual([]);
  expect(b.balancer.describedMembers()).toEqual(['i-1']);
  expect(told(b)).toEqual(IN_SERVICE);
  await b.timers.advance(700);
  expect(b.balancer.describedMembers()).toEqual([]);
  expect(told(b)).toEqual(DRAINING);
  await b.timers.advance(300);
  expect(told(b)).toEqual(GONE);
});
