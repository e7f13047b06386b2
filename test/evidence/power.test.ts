import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY, type Policy, type Scenario, type Traffic } from '../../src/domain/scenario.js';
import { powerOf } from '../../src/evidence/power.js';
import { testScenario } from '../support/scenario.js';

const LONG = { ratePerSecond: 10, path: '/slow?ms={ms}', minHoldMs: 1000, maxHoldMs: 3000 };
function scenario(
  traffic: Partial<Traffic> = {},
  policy: Partial<Policy> = {},
  more: Partial<Scenario> = {},
): Scenario {
  const base = testScenario(more);
  return {
    ...base,
    traffic: { ...base.traffic, lanes: { newWeight: 1, reuseWeight: 1, long: LONG }, ...traffic },
    policy: { ...DEFAULT_POLICY, ...policy },
  };
}
const codes = (one: Scenario, deployMs = 60_000) => powerOf(one, { deployMs }).problems.map((p) => p.code);
const warned = (one: Scenario, deployMs = 60_000) => powerOf(one, { deployMs }).warnings.map((p) => p.code);

describe('powerOf', () => {
  it('lets a scenario with enough traffic go', () => {
    const power = powerOf(scenario(), { deployMs: 60_000 });
    expect(power).toMatchObject({ canPass: true, problems: [], warnings: [], windowMs: 65_000 });
    expect(power).toMatchObject({
      requestsExpected: 13_650,
      requestsNeeded: 2995,
      connectionsPerSecond: 100,
      silentNeeded: 10,
    });
    expect(power.longInFlightPerTarget).toBe(10);
    // verdict.md §3.2: 100/s in a lane, two targets.
    expect(power.lanes.map((l) => [l.lane, l.totalOutageMs, l.targetOutageMs])).toEqual([
      ['new', 20, 80],
      ['reuse', 20, 80],
    ]);
  });

  it('refuses when too few requests can be sent', () => {
    expect(codes(scenario(), 5000)).toEqual(['TOO_FEW_REQUESTS']);
    expect(codes(scenario({}, { slo: 0.9999 }))).toEqual(['TOO_FEW_REQUESTS']);
    expect(codes(scenario({}, { mode: 'attributed', delta: 0.0001 }))).toEqual(['TOO_FEW_REQUESTS']);
    expect(powerOf(scenario({}, { slo: 1 }), { deployMs: 60_000 }).problems[0]?.message).toContain('endlessly many');
  });

  it('refuses a baseline that must be too short, warns of one that may be', () => {
    expect(codes(scenario({ baselineMs: 4000 }))).toEqual(['BASELINE_SHORT']);
    expect(warned(scenario({ baselineMs: 4800 }))).toEqual(['BASELINE_SHORT']);
    expect(codes(scenario({ baselineMs: 0 }))).toEqual(['BASELINE_SHORT']);
  });

  it('refuses lanes too sparse for the outages the policy asks for', () => {
    expect(
      codes(scenario({ ratePerSecond: 14 }, { slo: 0.9, gates: { ...DEFAULT_POLICY.gates, minBaseline: 1 } })),
    ).toEqual(['LOW_RESOLUTION', 'LOW_RESOLUTION']);
    expect(codes(scenario({ lanes: { newWeight: 1, reuseWeight: 0, long: LONG } }))).toEqual([]);
    expect(codes(scenario({ lanes: { newWeight: 0, reuseWeight: 0, long: LONG } }))).toEqual(['NO_EVIDENCE']);
  });

  it('shares the rate between all lanes that carry claims, h2 among them', () => {
    const lanes = { newWeight: 1, reuseWeight: 1, h2Weight: 2, long: LONG };
    const power = powerOf(scenario({ ratePerSecond: 400, lanes }), { deployMs: 60_000 });
    expect(power.lanes.map((l) => [l.lane, l.ratePerSecond, l.totalOutageMs])).toEqual([
      ['new', 100, 20],
      ['reuse', 100, 20],
      ['h2', 200, 10],
    ]);
    const only = { newWeight: 0, reuseWeight: 0, h2Weight: 1, long: null };
    expect(codes(scenario({ lanes: only }))).toEqual([]);
  });

  it('sees that randomly drawn lanes leave longer gaps than their mean, and names a rate that does', () => {
    const sparse = scenario({ ratePerSecond: 60, baselineMs: 60_000 });
    const lane = powerOf(sparse, { deployMs: 60_000 }).lanes[0]!;
    expect(lane.totalOutageMs).toBeLessThan(DEFAULT_POLICY.fullOutageMs);
    expect(lane.resolutionChance).toBeLessThan(0.9);
    const { problems, warnings } = powerOf(sparse, { deployMs: 60_000 });
    const rate = Number(/traffic\.rate to (\d+)/.exec([...problems, ...warnings][0]?.hint ?? '')?.[1]);
    const denser = scenario({ ratePerSecond: rate, baselineMs: 60_000 });
    expect([...codes(denser), ...warned(denser)]).toEqual([]);
  });

  it('wants long requests in flight where draining must be exercised, and only mentions it elsewhere', () => {
    const without = { lanes: { newWeight: 1, reuseWeight: 1, long: null } };
    expect(codes(scenario(without, { requireDrain: true }))).toEqual(['DRAIN_NOT_EXERCISED']);
    expect(codes(scenario(without))).toEqual([]);
    expect(warned(scenario(without))).toEqual(['DRAIN_NOT_EXERCISED']);
  });

  it('refuses a lane that the engine would not see, unless its claim is given up', () => {
    const lanes = { newWeight: 1, reuseWeight: 1, long: LONG };
    expect(codes(scenario({ engine: 'k6', lanes }))).toEqual(['LANE_NOT_RUN']);
    expect(codes(scenario({ engine: 'jmeter', lanes }))).toEqual([]);
    expect(codes(scenario({ engine: 'k6', lanes: { ...lanes, reuseWeight: 0 } }))).toEqual([]);
    const { service } = testScenario();
    expect(codes(scenario({ engine: 'k6', lanes }, {}, { service: { ...service, method: 'POST' } }))).toEqual([]);
  });

  it('refuses a deploy too quick for a target’s absence to show', () => {
    expect(codes(scenario({}, { slo: 0.9 }), 50)).toEqual(['REPLACEMENT_UNPROVEN']);
  });

  it('warns of a lack of ports, except on loopback', () => {
    const many = { ratePerSecond: 1000 };
    expect(warned(scenario(many))).toEqual(['GEN_CLIENT_ERRORS']);
    const { service } = testScenario();
    for (const url of ['http://127.0.0.1:8080/', 'https://[::1]/', 'http://localhost/x']) {
      expect(warned(scenario(many, {}, { service: { ...service, url } }))).toEqual([]);
    }
    expect(warned(scenario(many, {}, { service: { ...service, url: 'http://127.evil.test@lb.test/' } }))).toEqual([
      'GEN_CLIENT_ERRORS',
    ]);
  });

  it('gives figures that are numbers whatever the scenario', () => {
    const power = powerOf(scenario({ ratePerSecond: 0, settleMs: 0 }), { deployMs: -1 });
    expect(power.canPass).toBe(false);
    expect(JSON.stringify(power)).not.toMatch(/NaN|null/);
  });
});
