import { describe, expect, it } from 'vitest';
import type { BalancerFacts } from '../../src/domain/ports.js';
import type { Scenario } from '../../src/domain/scenario.js';
import { awaitDeadlines, expectedWaits } from '../../src/pipeline/deadlines.js';
import { waitFindings } from '../../src/pipeline/safety/preflight-waits.js';
import { facts } from '../support/fake-balancer.js';
import { testScenario } from '../support/scenario.js';

const base = testScenario();
const sleeping = (afterDetachMs: number, afterAttachMs: number, more: Partial<Scenario['rollout']> = {}): Scenario => ({
  ...base,
  rollout: {
    ...base.rollout,
    sleep: { afterDetachMs, afterAttachMs },
    deploy: { kind: 'command', command: ['x'], shell: false, timeoutMs: 1, env: {}, cwd: null },
    ...more,
  },
});
const alb: BalancerFacts = { ...facts(base.targets), kind: 'alb', balances: 'requests' };
const nlb: BalancerFacts = { ...alb, kind: 'nlb', balances: 'connections', leaveMs: 120_000, joinMs: 180_000 };
const found = (scenario: Scenario, given: BalancerFacts, id: string) =>
  waitFindings(scenario, given).filter((each) => each.id === id);

describe('preflight behind ELBv2', () => {
  it('warns that an NLB sends new connections for two minutes, naming the configured sleep', () => {
    expect(found(sleeping(60_000, 300_000), nlb, 'leave')).toMatchObject([
      {
        level: 'warning',
        message: expect.stringMatching(/sleep after detach of 1 min .*new connections for up to 2 min/),
      },
    ]);
    expect(found(sleeping(130_000, 300_000), nlb, 'leave')).toMatchObject([{ level: 'ok' }]);
    expect(found(sleeping(60_000, 300_000), alb, 'leave')).toMatchObject([{ level: 'ok' }]);
  });

  it('counts an NLB’s three minutes of registration into the return and the deadlines', () => {
    expect(expectedWaits(nlb)).toMatchObject({ attachWorstMs: 215_000, detachWorstMs: 330_000 });
    expect(expectedWaits({ ...nlb, drainTimeoutMs: 0 })).toMatchObject({ detachWorstMs: 120_000 });
    expect(awaitDeadlines({ ...base.rollout, awaitTimeoutMs: null }, nlb).afterAttachMs).toBeGreaterThanOrEqual(
      215_000,
    );
    expect(found(sleeping(130_000, 60_000), nlb, 'return')).toMatchObject([
      { level: 'warning', message: expect.stringContaining('registration 3 min') },
    ]);
  });

  it('does not ask for a drain timeout where the end of draining cuts nothing', () => {
    const long = { ratePerSecond: 1, path: '/', minHoldMs: 1, maxHoldMs: 9_000 };
    const scenario = { ...base, traffic: { ...base.traffic, lanes: { ...base.traffic.lanes, long } } };
    const short = { ...nlb, drainTimeoutMs: 5_000 };
    expect(found(scenario, { ...short, drainEnds: true }, 'draining')).toMatchObject([{ level: 'refused' }]);
    expect(found(scenario, { ...short, drainEnds: false }, 'draining')).toMatchObject([{ level: 'ok' }]);
  });

  it('says that a gated detach knows nothing of users’ requests, unless it is told', () => {
    const gated = (more: Partial<Scenario['rollout']>) => sleeping(60_000, 60_000, { wait: 'health', ...more });
    expect(found(gated({}), alb, 'users')).toMatchObject([
      { level: 'warning', hint: expect.stringContaining('rollout.longestRequest') },
    ]);
    expect(found(gated({ longestRequestMs: 20_000 }), alb, 'users')).toMatchObject([
      { level: 'ok', message: expect.stringContaining('20 s') },
    ]);
    expect(found(gated({ awaitUnused: true }), alb, 'users')).toEqual([]);
    expect(found(sleeping(60_000, 60_000), alb, 'users')).toEqual([]);
    expect(found(gated({}), facts(base.targets), 'users')).toEqual([]);
    // Draining that ends before users' requests do cuts them, however short our own are.
    const short = { ...alb, drainTimeoutMs: 10_000 };
    expect(found(gated({ longestRequestMs: 20_000 }), short, 'draining')).toMatchObject([{ level: 'refused' }]);
    expect(found(gated({}), short, 'draining')).toMatchObject([{ level: 'ok' }]);
  });

  it('knows slow start', () => {
    const slow = { ...alb, slowStartMs: 90_000 };
    expect(found(sleeping(60_000, 60_000), slow, 'slow-start')).toMatchObject([
      { level: 'warning', message: expect.stringContaining('1 min 30 s') },
    ]);
    expect(found(sleeping(60_000, 90_000), slow, 'slow-start')).toMatchObject([{ level: 'ok' }]);
    expect(found(sleeping(60_000, 90_000, { wait: 'health' }), slow, 'slow-start')).toMatchObject([
      { level: 'warning' },
    ]);
    expect(found(sleeping(60_000, 60_000), alb, 'slow-start')).toEqual([]);
  });

  it('says that requests outlast the idle timeout', () => {
    const long = { ratePerSecond: 1, path: '/', minHoldMs: 1, maxHoldMs: 70_000 };
    const scenario = { ...base, traffic: { ...base.traffic, lanes: { ...base.traffic.lanes, long } } };
    expect(found(scenario, alb, 'idle')).toMatchObject([{ level: 'warning' }]);
    expect(found(base, alb, 'idle')).toEqual([]);
  });

  it('refuses traffic that cannot prove anything behind a balancer of connections', () => {
    const lanes = { ...base.traffic.lanes, newWeight: 0, reuseWeight: 1 };
    const scenario = { ...base, traffic: { ...base.traffic, lanes } };
    expect(found(scenario, nlb, 'trials')).toMatchObject([{ level: 'refused' }]);
    expect(found(scenario, alb, 'trials')).toEqual([]);
    expect(found(base, nlb, 'trials')).toEqual([]);
  });
});
