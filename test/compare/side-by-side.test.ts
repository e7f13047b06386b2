import { describe, expect, it } from 'vitest';
import { entryKey, ledgerEntry, placeHistories } from '../../src/compare/ledger.js';
import { placeKey, placeOf } from '../../src/compare/place.js';
import { changesBetween, sideBySide } from '../../src/compare/side-by-side.js';
import { testScenario } from '../support/scenario.js';
import { need, summaryOf } from './runs.js';

const REAL = { environment: 'lab', balancerKind: 'elb-classic', balancerName: 'lab (lab-fast)' };
const at = (n: number) => `2026-01-${String(n).padStart(2, '0')}T00:00:00.000Z`;

describe('changesBetween', () => {
  const judged = (from: Parameters<typeof summaryOf>[0], to: Parameters<typeof summaryOf>[0]) =>
    Object.fromEntries(changesBetween(summaryOf(from), summaryOf(to)).map((c) => [c.what, c.judgement]));

  it('marks what is worse and what is better, beyond the noise of the figure', () => {
    expect(judged({}, { verdict: 'FAIL', failed: 1, deployMs: 30_000, p99DeployMs: 30, marginMs: 5000 })).toEqual({
      verdict: 'worse',
      'failed requests': 'worse',
      'longest outage': 'same',
      'deploy time': 'worse',
      'p99 in the deploy': 'worse',
      'sleep margin': 'better',
    });
    expect(judged({}, { deployMs: 22_400, p99DeployMs: 16, marginMs: 2800 })).toMatchObject({
      'deploy time': 'same',
      'p99 in the deploy': 'same',
      'sleep margin': 'same',
    });
  });

  it('does not judge what it does not know, nor call an undecided run better than a failed one silently', () => {
    expect(judged({ marginMs: null }, { marginMs: 1 })['sleep margin']).toBe('same');
    expect(judged({ verdict: 'PASS' }, { verdict: 'INCONCLUSIVE' }).verdict).toBe('worse');
    expect(judged({ verdict: 'FAIL' }, { verdict: 'PASS' }).verdict).toBe('better');
  });
});

describe('sideBySide', () => {
  it('lays runs out against the first and recommends nothing', () => {
    const found = sideBySide(
      [summaryOf(), summaryOf({ runId: 'lab-2', deployMs: 9000, verdict: 'FAIL', failed: 3 })],
      [],
    );
    expect(found.rows.map((r) => r.variant.label)).toEqual(['lab-1', 'lab-2']);
    expect(found.rows[1]?.deltaMs).toBe(-13_000);
    expect(found).toMatchObject({ recommendations: [], standing: 'none', kind: 'runs' });
    expect(found.headline).toContain('2 figures are worse and 1 better');
  });

  it('says that lab and real are not counted together', () => {
    const found = sideBySide([summaryOf(), summaryOf({ place: REAL })], []);
    expect(found.doesNotProve.join(' ')).toContain('never counted together');
  });
});

describe('placeHistories', () => {
  const entry = (n: number, change: Parameters<typeof summaryOf>[0] = {}, study = false) =>
    ledgerEntry(summaryOf({ runId: `r${n}`, startedAt: at(n), ...change }), study);

  it('never pools lab with real, whatever they are called', () => {
    const found = placeHistories([entry(1), entry(2, { place: REAL }), entry(3)], 0.05);
    expect(found.map((h) => [h.place.balancerKind, h.deploys])).toEqual([
      ['lab', 2],
      ['elb-classic', 1],
    ]);
    const scenario = testScenario();
    const own = { kind: 'elb-classic', name: 'lb', region: 'us-east-1' } as const;
    const aws = placeOf({ ...scenario, balancer: { ...own, endpoint: null } });
    const other = placeOf({ ...scenario, balancer: { ...own, endpoint: 'http://127.0.0.1:4000' } });
    expect(placeKey(aws)).not.toBe(placeKey(other));
  });

  it('adds up to the deploy-level bound, without studies and undecided runs', () => {
    const entries = [
      ...Array.from({ length: 20 }, (_, i) => entry(i + 1)),
      entry(21, { verdict: 'INCONCLUSIVE' }),
      entry(22, { verdict: 'FAIL', targets: [need(null, 1, true), need(1)] }, true),
    ];
    const [found] = placeHistories(entries, 0.05);
    expect(found).toMatchObject({ deploys: 20, bad: 0, undecided: 1, needs: 22, censored: 1, needMaxMs: 2000 });
    expect(found?.downtimeUpper).toBeCloseTo(0.1391, 4);
    expect(found).toMatchObject({ shareShown: null, needMedianMs: null });
  });

  it('counts a run once however often it is written', () => {
    const found = placeHistories([entry(1), entry(1), entry(2)], 0.05);
    expect(found[0]).toMatchObject({ deploys: 2, needs: 2 });
    expect(entryKey(entry(1))).not.toBe(entryKey(entry(2)));
  });

  it('puts runs in the order of their time and says what few show', () => {
    const [found] = placeHistories([entry(3, { verdict: 'FAIL' }), entry(1)], 0.05);
    expect(found?.entries.map((e) => e.verdict)).toEqual(['PASS', 'FAIL']);
    expect(found?.shareShown).toBeCloseTo(0.05 ** 0.5, 10);
  });

  it('does not invent a need for a run that never detached anything', () => {
    expect(entry(1, { aligned: [], targets: [need(null, null)] })).toMatchObject({ needMs: null, censored: false });
    expect(entry(1, { targets: [need(null, null)] })).toMatchObject({ needMs: 5000, censored: true });
  });
});
