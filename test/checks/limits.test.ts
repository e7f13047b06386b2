import { describe, expect, it } from 'vitest';
import type { Check } from '../../src/checks/check.js';
import { CHECKS } from '../../src/checks/index.js';
import type { Evidence } from '../../src/domain/evidence.js';
import type { Counts } from '../../src/domain/result.js';
import { DEFAULT_POLICY, type Policy, type Scenario } from '../../src/domain/scenario.js';
import type { CheckResult } from '../../src/domain/verdict.js';
import { emptyEvidence, outage, replacement } from './evidence-builder.js';

function checkOf(id: string): Check {
  const found = CHECKS.find((check) => check.meta.id === id);
  if (found === undefined) throw new Error(`no check ${id}`);
  return found;
}
function judge(id: string, change: Partial<Evidence>, policy: Partial<Policy> = {}): CheckResult {
  return checkOf(id).evaluate({ ...emptyEvidence(), ...change }, { ...DEFAULT_POLICY, ...policy });
}
const counts = (change: Partial<Counts>): Partial<Evidence> => ({ counts: { ...emptyEvidence().counts, ...change } });
const seen = (change: Partial<Evidence['resolution']>): Partial<Evidence> => ({
  resolution: { ...emptyEvidence().resolution, ...change },
});

describe('resolution', () => {
  it('holds at both limits and not beyond either', () => {
    expect(judge('resolution', seen({ totalOutageMs: 250, targetOutageMs: 1000 }))).toMatchObject({ status: 'pass' });
    const total = judge('resolution', seen({ totalOutageMs: 251, targetOutageMs: 1000 }));
    expect(total).toMatchObject({ status: 'inconclusive', code: 'LOW_RESOLUTION' });
    expect(total.message).toMatch(/^a total outage of 251 ms[^;]*$/);
    expect(total.measured).toBe('251 ms total, 1 s one target');
    const one = judge('resolution', seen({ totalOutageMs: 250, targetOutageMs: 1001 }));
    expect(one.message).toMatch(/^an outage of one target[^;]*$/);
    expect(one.status).toBe('inconclusive');
    const both = judge('resolution', seen({ totalOutageMs: 500, targetOutageMs: 2000 }));
    expect(both.message).toMatch(/total outage.*; an outage of one target/);
  });
  it('says at which rate it would hold, unless the generator itself left the gap', () => {
    const rate = emptyEvidence().run.scenario.traffic.ratePerSecond;
    const twice = judge('resolution', seen({ totalOutageMs: 500, targetOutageMs: 500 }));
    expect(twice.hint).toContain(`at least ${Math.ceil(rate * 2 * 1.1)} per second`);
    expect(judge('resolution', seen({ totalOutageMs: 500, unobservedMs: 1 })).hint).toContain('Find out why');
  });
  it('a lane that sent nothing is never fine', () => {
    const lane = judge('resolution', seen({ totalOutageMs: null }));
    expect(lane).toMatchObject({ status: 'inconclusive', code: 'LOW_RESOLUTION' });
    expect(lane.message).toContain('sent nothing');
    expect(lane.measured).toContain('no sends');
    expect(lane.hint).toContain('Find out why');
    // Behind a balancer of connections only new ones count for claim (b).
    const connections = judge('resolution', seen({ targetOutageMs: null }));
    expect(connections).toMatchObject({ status: 'inconclusive', code: 'LOW_RESOLUTION' });
    expect(connections.message).toContain('no new connections');
    expect(connections.measured).toContain('no sends');
    expect(connections.hint).toContain('traffic.lanes.new');
  });
});

describe('lanes-run', () => {
  const { run } = emptyEvidence();
  const firedBy = (traffic: Partial<Scenario['traffic']>, service: Partial<Scenario['service']> = {}) => {
    const { scenario } = run;
    const changed = {
      ...scenario,
      service: { ...scenario.service, ...service },
      traffic: { ...scenario.traffic, ...traffic },
    };
    return judge('lanes-run', { run: { ...run, scenario: changed } });
  };
  const lanes = { newWeight: 1, reuseWeight: 0, long: null };
  it('is content with what was given up in so many words, and with engines that see it', () => {
    expect(firedBy({}).status).toBe('pass');
    expect(firedBy({ engine: 'k6', lanes }).status).toBe('pass');
    expect(firedBy({ engine: 'k6', lanes: { ...lanes, reuseWeight: 1 } }, { method: 'POST' }).status).toBe('pass');
  });
  it('misses a lane that was left out, and says what to set', () => {
    const left = firedBy({ engine: 'k6', lanes: { ...lanes, leftOut: ['reuse'] } });
    expect(left).toMatchObject({ status: 'inconclusive', code: 'LANE_NOT_RUN', measured: 'reuse left out' });
    expect(left.message).toMatch(/under GET.*lane reuse is not run/);
    expect(left.hint).toMatch(/^Set service\.method: POST, .*traffic\.lanes\.reuse: 0/);
    const keyed = { method: 'POST', headers: { 'Idempotency-Key': '1' } };
    const replayed = firedBy({ engine: 'k6', lanes: { ...lanes, reuseWeight: 1 } }, keyed);
    expect(replayed).toMatchObject({ code: 'LANE_NOT_RUN' });
    expect(replayed.message).toContain('POST with Idempotency-Key');
    expect(replayed.hint).not.toContain('service.method');
  });
});

describe('outage-length', () => {
  const lasting = (lo: number, hi: number) => ({ outages: [outage({ durationLoMs: lo, durationHiMs: hi })] });
  const budget = { mode: 'budget', maxOutageMs: 100 } as const;
  it('fails on what certainly lasted longer, doubts what may have, and tolerates the limit itself', () => {
    expect(judge('outage-length', lasting(101, 101), budget)).toMatchObject({
      status: 'fail',
      code: 'OUTAGE_TOO_LONG',
    });
    expect(judge('outage-length', lasting(100, 101), budget)).toMatchObject({
      status: 'inconclusive',
      code: 'OUTAGE_LENGTH_UNPROVEN',
    });
    expect(judge('outage-length', lasting(100, 100), budget)).toMatchObject({ status: 'pass' });
    expect(judge('outage-length', lasting(0, Number.NaN), budget)).toMatchObject({ status: 'inconclusive' });
    expect(judge('outage-length', { outages: [] }, budget)).toMatchObject({ status: 'pass' });
  });
  it('tells a run without outages from one whose outages are tolerated', () => {
    const none = judge('outage-length', { outages: [] }, budget).message;
    const some = judge('outage-length', lasting(0, 50), budget).message;
    expect(none).not.toBe(some);
    expect(judge('outage-length', { outages: [] }, budget).measured).toBe('0 ms – 0 ms');
  });
  it('judges the longest of several', () => {
    const outages = [10, 300, 20].map((ms) => outage({ durationLoMs: ms, durationHiMs: ms }));
    expect(judge('outage-length', { outages }, budget)).toMatchObject({ status: 'fail', measured: '300 ms – 300 ms' });
  });
  it('is for the budget policy only', () => {
    expect(judge('outage-length', lasting(500, 500)).status).toBe('skipped');
  });
});

describe('availability-budget', () => {
  it('fails only when even the lower bound breaks the objective', () => {
    const budget = { mode: 'budget', slo: 0.99, alpha: 0.05 } as const;
    const k = (failed: number) => judge('availability-budget', counts({ judged: 1000, failed }), budget);
    // P(Bin(1000, 0.01) ≥ 15) is 8 %, of ≥ 16 it is 4.8 %: the first count that 1 % does not explain at 5 %.
    const first = Array.from({ length: 100 }, (_, failed) => failed).find((failed) => k(failed).status === 'fail');
    expect(first).toBe(16);
    expect(k(15).status).toBe('pass');
    expect(judge('availability-budget', counts({ judged: 1000, failed: 900 })).status).toBe('skipped');
  });
});

describe('enough-requests', () => {
  it('asks for as many requests as the objective needs without a failure', () => {
    const judged = (n: number, more: Partial<Counts> = {}) => judge('enough-requests', counts({ judged: n, ...more }));
    expect(judged(2995).status).toBe('pass');
    expect(judged(2994)).toMatchObject({ status: 'inconclusive', code: 'TOO_FEW_REQUESTS' });
    expect(judged(2994).hint).toContain('2,995 requests are needed');
    expect(judged(2995, { unknown: 1 })).toMatchObject({ status: 'inconclusive' });
    expect(judged(2995, { unknown: 1 }).hint).toContain('Clear up');
    expect(judged(2995, { failed: 1 }).hint).toContain('Clear up');
    expect(judged(2995, { unknown: 1 }).message).toContain('unknown outcome');
    expect(judged(0).status).toBe('inconclusive');
  });
  it('says which rate brings them', () => {
    const rate = emptyEvidence().run.scenario.traffic.ratePerSecond;
    const result = judge('enough-requests', counts({ judged: 1000 }));
    expect(result.hint).toContain(`at least ${Math.ceil((rate * 2995) / 1000).toLocaleString('en')} per second`);
    const uneven = judge('enough-requests', counts({ judged: 997 }));
    expect((rate * 2995) / 997).not.toBe(Math.round((rate * 2995) / 997));
    expect(uneven.hint).toContain(`at least ${Math.ceil((rate * 2995) / 997).toLocaleString('en')} per second`);
    // No number of requests shows that nothing at all fails.
    expect(judge('enough-requests', counts({ judged: 1000 }), { slo: 1 }).hint).toMatch(/^Raise traffic.rate, or/);
  });
  it('compares with the baseline under the attributed policy', () => {
    const attributed = { mode: 'attributed', delta: 0.001 } as const;
    const many = { judged: 100_000, baseline: 100_000, failed: 1000, baselineFailed: 1000 };
    expect(judge('enough-requests', counts(many), attributed).status).toBe('inconclusive');
    expect(judge('enough-requests', counts(many), { ...attributed, delta: 0.0015 }).status).toBe('pass');
    const few = judge('enough-requests', counts({ judged: 100 }), attributed);
    expect(few.message).toContain('in excess of the baseline');
    expect(few.hint).toContain('policy.delta');
  });
});

describe('slow-requests', () => {
  it('is a separate objective', () => {
    expect(judge('slow-requests', { slow: 5 }).status).toBe('skipped');
    expect(judge('slow-requests', { slow: 0 }, { slowMs: 100 }).status).toBe('pass');
    expect(judge('slow-requests', { slow: 1 }, { slowMs: 100 })).toMatchObject({
      status: 'fail',
      code: 'SLOW_REQUESTS',
    });
    expect(judge('slow-requests', { slow: null }, { slowMs: 100 })).toMatchObject({
      status: 'inconclusive',
      code: 'NO_EVIDENCE',
    });
    expect(judge('slow-requests', { slow: Number.NaN }, { slowMs: 100 }).status).toBe('inconclusive');
  });
});

describe('right-version', () => {
  it('names who kept the old version', () => {
    const replacements = [replacement('s1'), replacement('s2', { staleResponses: 1 })];
    const result = judge('right-version', { ...counts({ stale: 1 }), replacements });
    expect(result).toMatchObject({ status: 'fail', code: 'STALE_VERSION' });
    expect(result.message).toContain('s2 was attached');
    expect(judge('right-version', counts({ stale: 0 })).status).toBe('pass');
    const both = [replacement('s1', { staleResponses: 2 }), replacement('s2', { staleResponses: 1 })];
    expect(judge('right-version', { ...counts({ stale: 3 }), replacements: both }).message).toContain('s1 and s2 were');
  });
});

describe('drain-exercised', () => {
  const idle = {
    replacements: [replacement('s1', { inFlightAtDetach: 1 }), replacement('s2', { inFlightAtDetach: 0 })],
  };
  it('warns, or withholds the PASS where the policy wants it', () => {
    expect(judge('drain-exercised', idle)).toMatchObject({ status: 'warning', code: 'DRAIN_NOT_EXERCISED' });
    expect(judge('drain-exercised', idle, { requireDrain: true })).toMatchObject({ status: 'inconclusive' });
    expect(judge('drain-exercised', idle).message).toContain('on s2 at');
    // Green is not detached: there is nothing to drain.
    const green = { ...replacement('green', { inFlightAtDetach: 0 }), role: 'green' } as const;
    expect(judge('drain-exercised', { replacements: [green, replacement('s1')] }).status).toBe('pass');
    expect(judge('drain-exercised', { replacements: [green] }).status).toBe('skipped');
    expect(judge('drain-exercised', { replacements: [idle.replacements[0]!] }).status).toBe('pass');
    expect(judge('drain-exercised', { replacements: [] }).status).toBe('skipped');
  });
});

describe('targets-replaced', () => {
  it('misses each part of the proof by itself', () => {
    const of = (change: Parameters<typeof replacement>[1]) =>
      judge('targets-replaced', { toReplace: ['s1'], replacements: [replacement('s1', change)] });
    expect(of({}).status).toBe('pass');
    expect(of({ left: false, replaced: false }).message).toContain('was not seen to leave rotation (50 requests');
    expect(of({ left: false, replaced: false, lastRoutedAt: null }).message).toContain('answered nothing before');
    expect(of({ left: false, lastRoutedAt: null, silentSends: 0 }).message).toContain('not seen to leave rotation (0');
    expect(of({ returned: false, replaced: false }).message).toContain('not seen to serve the new version');
    expect(of({ replaced: false }).message).toContain('not seen to be replaced by a new process');
    for (const part of ['left', 'returned', 'replaced'] as const) {
      expect(of({ [part]: false })).toMatchObject({ status: 'inconclusive', code: 'REPLACEMENT_UNPROVEN' });
    }
  });
  it('misses a target nobody took out, and a pipeline that replaces none', () => {
    const missing = judge('targets-replaced', { toReplace: ['s1', 's3'] });
    expect(missing.message).toBe('s3 was never taken out and attached again');
    expect(judge('targets-replaced', { toReplace: [] }).message).toBe('the pipeline replaces no target');
    const stranger = { toReplace: ['s1'], replacements: [replacement('s1'), replacement('s9', { left: false })] };
    expect(judge('targets-replaced', stranger).message).toMatch(/^s9 was not seen to leave/);
    // A target of the pipeline is told of once.
    const own = { toReplace: ['s1'], replacements: [replacement('s1', { left: false, replaced: false })] };
    expect(judge('targets-replaced', own).message).not.toContain(';');
  });
});

describe('evidence, interruption, completeness', () => {
  it('one known outcome is evidence, none is not', () => {
    expect(judge('evidence-exists', counts({ judged: 3, unknown: 2 })).status).toBe('pass');
    expect(judge('evidence-exists', counts({ judged: 3, unknown: 3 }))).toMatchObject({ code: 'NO_EVIDENCE' });
    expect(judge('evidence-exists', { window: null })).toMatchObject({ code: 'NO_EVIDENCE' });
    const { run } = emptyEvidence();
    expect(judge('evidence-exists', { run: { ...run, deploy: 'not-started' } })).toMatchObject({ code: 'NO_EVIDENCE' });
  });
  it('a deploy is complete when it says so and nothing contradicts it', () => {
    const { run, conduct } = emptyEvidence();
    expect(judge('deploy-complete', {}).status).toBe('pass');
    const problem = { conduct: { ...conduct, deployProblem: 'step x failed' } };
    expect(judge('deploy-complete', problem)).toMatchObject({ code: 'DEPLOY_INCOMPLETE', message: 'step x failed' });
    expect(judge('deploy-complete', { run: { ...run, deploy: 'failed' } })).toMatchObject({ status: 'inconclusive' });
    expect(judge('deploy-complete', { run: { ...run, deploy: 'not-started' } }).status).toBe('skipped');
  });
  it('what is missing is told', () => {
    const { conduct } = emptyEvidence();
    const cut = judge('facts-complete', { conduct: { ...conduct, missing: ['a', 'b'] } });
    expect(cut).toMatchObject({ code: 'FACTS_INCOMPLETE', message: 'a; b', measured: '2 missing' });
    const stopped = judge('not-interrupted', { conduct: { ...conduct, interruptedBy: 'SIGTERM' } });
    expect(stopped).toMatchObject({ code: 'INTERRUPTED', measured: 'SIGTERM' });
  });
});

describe('baseline-quiet', () => {
  it('tells noise before the deploy from failures weighed against it', () => {
    const noisy = counts({ failed: 0, baselineFailed: 1 });
    expect(judge('baseline-quiet', noisy)).toMatchObject({ status: 'warning', code: 'BASELINE_NOISE' });
    expect(judge('baseline-quiet', counts({ failed: 1, baselineFailed: 1 })).status).toBe('skipped');
    expect(judge('baseline-quiet', counts({ failed: 1 }), { mode: 'attributed' })).toMatchObject({
      status: 'warning',
      code: 'BACKGROUND_FAILURES',
    });
    expect(judge('baseline-quiet', noisy, { mode: 'attributed' })).toMatchObject({ code: 'BASELINE_NOISE' });
    expect(judge('baseline-quiet', counts({ baseline: 0 })).status).toBe('skipped');
    expect(judge('baseline-quiet', counts({ failed: 1 })).status).toBe('pass');
    expect(judge('baseline-quiet', {}).status).toBe('pass');
    expect(judge('baseline-quiet', {}, { mode: 'attributed' }).status).toBe('pass');
  });
});

describe('strict and attributed failures', () => {
  it('one failure is downtime, unless the baseline fails as often and no mechanism is witnessed', () => {
    expect(judge('no-downtime', counts({ failed: 1 }))).toMatchObject({ status: 'fail', code: 'DOWNTIME_OBSERVED' });
    expect(judge('no-downtime', {}).status).toBe('pass');
    const noisy = counts({ failed: 6, baselineFailed: 3 });
    expect(judge('no-downtime', noisy)).toMatchObject({ status: 'inconclusive', code: 'BASELINE_DIRTY' });
    expect(judge('no-downtime', { ...noisy, mechanism: 1 })).toMatchObject({ status: 'fail' });
    expect(judge('no-downtime', counts({ failed: 60, baselineFailed: 3 }))).toMatchObject({ status: 'fail' });
    expect(judge('no-downtime', counts({ failed: 1 }), { mode: 'budget' }).status).toBe('skipped');
  });
  it('tells how many outages there were and how long the longest was at most', () => {
    const outages = [40, 90, 60].map((durationHiMs) => outage({ durationHiMs }));
    const told = judge('no-downtime', { ...counts({ failed: 3 }), outages });
    expect(told.message).toContain('failed in 3 outages, the longest at most 90 ms');
    expect(told.hint).toBe('look');
    const short = [
      outage({ durationHiMs: 0, causes: [{ ...outage().causes[0], hint: 'first' }] }),
      outage({ durationHiMs: 0 }),
    ];
    expect(judge('no-downtime', { ...counts({ failed: 3 }), outages: short })).toMatchObject({
      message: expect.stringContaining('the longest at most 0 ms'),
      hint: 'first',
    });
    const none = judge('no-downtime', counts({ failed: 3 }));
    expect(none.message).toBe('3 of 6,000 requests failed');
    expect(none.hint).toContain('Look at the failures');
    const noisy = judge('no-downtime', counts({ judged: 100, failed: 2, baseline: 100, baselineFailed: 1 }));
    expect(noisy.message).toContain('(p 0.50)');
  });
  it('an excess is one by the exact test at excessAlpha', () => {
    const attributed = { mode: 'attributed', excessAlpha: 0.01 } as const;
    const even = { judged: 3000, baseline: 3000, baselineFailed: 0 };
    // P(Bin(k, 1/2) >= k) = 2^-k: 6 failures give 1.6 %, 7 give 0.8 %.
    expect(judge('excess-failures', counts({ ...even, failed: 6 }), attributed).status).toBe('pass');
    expect(judge('excess-failures', counts({ ...even, failed: 7 }), attributed)).toMatchObject({
      status: 'fail',
      code: 'EXCESS_FAILURES',
    });
    expect(judge('excess-failures', counts({ failed: 7 })).status).toBe('skipped');
  });
  it('a witnessed mechanism is the deploy’s doing, however rare, and told by its best cause', () => {
    const attributed = { mode: 'attributed' } as const;
    const told = (code: 'INFLIGHT_CUT' | 'ROUTED_TO_STOPPED' | 'BACKGROUND', score: number) =>
      ({ code, score, target: 's1', sentence: `${code} it was`, hint: `against ${code}` }) as const;
    const outages = [
      outage({ causes: [told('BACKGROUND', 0.9), told('INFLIGHT_CUT', 0.3)] }),
      outage({ causes: [told('ROUTED_TO_STOPPED', 0.6)] }),
    ];
    expect(judge('deploy-mechanism', { mechanism: 1, outages }, attributed)).toMatchObject({
      status: 'fail',
      code: 'MECHANISM_WITNESSED',
      message: 'ROUTED_TO_STOPPED it was',
    });
    expect(judge('deploy-mechanism', { mechanism: 0, outages }, attributed).status).toBe('pass');
    expect(judge('deploy-mechanism', { mechanism: 0, maybeMechanism: 0 }, attributed).status).toBe('pass');
    const maybe = judge('deploy-mechanism', { mechanism: 0, maybeMechanism: 1 }, attributed);
    expect(maybe).toMatchObject({ status: 'inconclusive', code: 'TIMES_UNCERTAIN' });
    expect(judge('deploy-mechanism', { mechanism: 1, maybeMechanism: 2 }, attributed).status).toBe('fail');
    expect(judge('deploy-mechanism', { mechanism: 2, outages: [] }, attributed).message).toMatch(/^2 failures tied/);
    expect(judge('deploy-mechanism', { mechanism: 1, outages }).status).toBe('skipped');
  });
});

describe('policy-valid', () => {
  const broken: readonly (readonly [string, Partial<Policy>])[] = [
    ['alpha', { alpha: 0 }],
    ['alpha', { alpha: 1 }],
    ['excessAlpha', { excessAlpha: Number.NaN }],
    ['slo', { slo: 1 }],
    ['slo', { slo: 0 }],
    ['fullOutage', { fullOutageMs: -1 }],
    ['targetOutage', { targetOutageMs: Number.POSITIVE_INFINITY }],
    ['maxOutage', { maxOutageMs: Number.NaN }],
    ['delta', { delta: -0.1 }],
    ['slow', { slowMs: Number.NaN }],
    ['gates.maxLost', { gates: { ...DEFAULT_POLICY.gates, maxLost: Number.NaN } }],
  ];
  it.each(broken)('finds a bad %s', (name, policy) => {
    expect(judge('policy-valid', {}, policy)).toMatchObject({ code: 'CONFIG_ERROR', measured: name });
  });
  it('takes the ends of what is allowed', () => {
    const ends = { fullOutageMs: 0, targetOutageMs: 0, maxOutageMs: 0, delta: 0, slowMs: 0 };
    expect(judge('policy-valid', {}, ends).status).toBe('pass');
    expect(judge('policy-valid', {}, { slowMs: null }).status).toBe('pass');
  });
});
