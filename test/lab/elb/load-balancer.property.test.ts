import fc from 'fast-check';
import { expect, it } from 'vitest';
import { INSTANCE_STATES, type InstancePhase } from '../../../src/lab/elb/instance-state.js';
import { bench } from '../fakes.js';

const IDS = ['i-1', 'i-2', 'i-3'];
const id = fc.constantFrom(...IDS);
const node = fc.nat(1);

const operation = fc.oneof(
  fc.record({ kind: fc.constant('register' as const), id }),
  fc.record({ kind: fc.constant('deregister' as const), id }),
  fc.record({ kind: fc.constant('advance' as const), ms: fc.nat(1_500) }),
  fc.record({ kind: fc.constant('health' as const), id, node, healthy: fc.boolean() }),
  fc.record({ kind: fc.constant('in-flight' as const), id, node, count: fc.nat(1) }),
  fc.record({ kind: fc.constant('draining' as const), enabled: fc.boolean() }),
  fc.record({ kind: fc.constant('cross-zone' as const), enabled: fc.boolean() }),
);

it('any sequence of operations keeps record, nodes and answers in step', async () => {
  const property = fc.asyncProperty(fc.array(operation, { maxLength: 40 }), fc.nat(), async (operations, seed) => {
    const ranges = { registerPropagationMs: [0, 800], deregisterPropagationMs: [0, 1_200] };
    const { timers, balancer, nodes } = await bench(ranges, {}, seed);
    const members = new Set<string>();
    for (const op of operations) {
      if (op.kind === 'register') {
        balancer.register([op.id]);
        members.add(op.id);
      } else if (op.kind === 'deregister') {
        balancer.deregister([op.id]);
        members.delete(op.id);
      } else if (op.kind === 'advance') await timers.advance(op.ms);
      else if (op.kind === 'health') nodes[op.node]!.setHealth(op.id, op.healthy ? 'healthy' : 'unhealthy');
      else if (op.kind === 'in-flight') nodes[op.node]!.setInFlight(op.id, op.count);
      else if (op.kind === 'draining') balancer.modifyAttributes({ drain: { enabled: op.enabled, timeoutMs: 3_000 } });
      else balancer.modifyAttributes({ crossZone: op.enabled });
      check();
    }
    // Left alone, every message arrives and every drain ends.
    await timers.advance(10_000);
    check();
    for (const each of IDS) {
      const zoneNode = nodes[IDS.indexOf(each) % 2]!;
      const expected = nodes.map((n) => members.has(each) && (balancer.attributes.crossZone || n === zoneNode));
      expect(nodes.map((n) => n.holds(each))).toEqual(expected);
      expect(['registering', 'draining', 'zone-off']).not.toContain(balancer.phase(each));
    }

    function check(): void {
      expect(new Set(balancer.members())).toEqual(members);
      const listed = balancer.describedHealth(null).map((state) => state.InstanceId);
      for (const each of IDS) {
        const phase: InstancePhase = balancer.phase(each);
        expect(balancer.describedHealth([each])[0]).toEqual({ InstanceId: each, ...INSTANCE_STATES[phase] });
        expect(listed.includes(each)).toBe(members.has(each) || phase === 'draining');
        const outside = phase === 'gone' || phase === 'draining';
        expect(outside).toBe(!members.has(each));
        if (phase === 'draining') expect(nodes.some((n) => n.holds(each))).toBe(true);
        if (phase === 'in-service') {
          const serving = nodes.filter((n) => n.health(each) === 'healthy');
          expect(serving.length).toBeGreaterThan(0);
          if (balancer.attributes.crossZone) expect(serving.length).toBe(nodes.length);
        }
      }
    }
  });
  await fc.assert(property, { numRuns: 300 });
});
