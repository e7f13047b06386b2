import { RollproofError } from '../../src/domain/errors.js';
import type { Balancer, BalancerFacts } from '../../src/domain/ports.js';
import type { Target, TargetHealth, TargetState } from '../../src/domain/target.js';

/** A balancer in memory: states are set by the test, calls are recorded in order. */
export function fakeBalancer(targets: readonly Target[]) {
  const states = new Map<string, TargetState>(targets.map((t) => [t.instance, 'healthy']));
  const calls: string[] = [];
  const refuse = new Map<string, RollproofError>();
  const change = (operation: 'detach' | 'attach', to: TargetState) => async (target: Target) => {
    calls.push(`${operation} ${target.id}`);
    const error = refuse.get(`${operation} ${target.id}`);
    if (error !== undefined) throw error;
    states.set(target.instance, to);
  };
  const balancer: Balancer = {
    detach: change('detach', 'unused'),
    attach: change('attach', 'healthy'),
    health: async (asked) => asked.map((t) => health(t, states.get(t.instance) ?? 'unused')),
    describe: async () => facts(targets.filter((t) => states.get(t.instance) !== 'unused')),
    attachCommand: (t) => `attach-by-hand ${t.instance}`,
    close: () => undefined,
  };
  return { balancer, calls, states, refuse };
}

export function health(target: Target, state: TargetState): TargetHealth {
  const registered = state !== 'unused' && state !== 'draining';
  return { target: target.id, state, registered, reasonCode: 'N/A', description: `it is ${state}` };
}

export function facts(members: readonly Target[]): BalancerFacts {
  return {
    kind: 'elb-classic',
    name: 'lb',
    dnsName: null,
    members: members.map((t) => t.instance),
    drainingEnabled: true,
    drainTimeoutMs: 300_000,
    idleTimeoutMs: 60_000,
    crossZone: true,
    zones: ['us-east-1a'],
    healthCheck: {
      target: 'HTTP:80/health',
      intervalMs: 30_000,
      timeoutMs: 5_000,
      healthyThreshold: 10,
      unhealthyThreshold: 2,
    },
  };
}

export const refusal = new RollproofError('BALANCER_REFUSED', 'AccessDenied: no');
