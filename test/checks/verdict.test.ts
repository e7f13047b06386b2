import { describe, expect, it } from 'vitest';
import { verdictOf } from '../../src/checks/verdict.js';
import type { Evidence } from '../../src/domain/evidence.js';
import type { Cause, Outage } from '../../src/domain/outage.js';
import type { CheckResult } from '../../src/domain/verdict.js';
import { emptyEvidence, outage, replacement } from './evidence-builder.js';

const result = (
  status: CheckResult['status'],
  code: CheckResult['code'],
  change: Partial<CheckResult> = {},
): CheckResult => ({
  id: code ?? 'fine',
  title: '',
  status,
  code,
  message: `said of ${code}`,
  measured: '',
  threshold: '',
  hint: `do about ${code}`,
  why: '',
  ...change,
});
const fine = result('pass', null, { hint: null });
const down = result('fail', 'DOWNTIME_OBSERVED');
const verdict = (results: readonly CheckResult[], change: Partial<Evidence> = {}) =>
  verdictOf([results[0] ?? fine, ...results.slice(1)], { ...emptyEvidence(), ...change });
const counts = (change: Partial<Evidence['counts']>) => ({ counts: { ...emptyEvidence().counts, ...change } });
const because = (code: Cause['code'], change: Partial<Outage> = {}, target: string | null = null): Outage => {
  const cause: Cause = { code, score: 1, target, sentence: `${code} it was`, hint: `against ${code} of ${target}` };
  return outage({ ...change, causes: [cause] });
};

describe('PASS', () => {
  it('says how many requests were judged while what was replaced, and asks for nothing', () => {
    const { sentence, nextAction } = verdict([fine]);
    expect(sentence).toBe('0 of 6,000 requests failed while s1 and s2 were replaced');
    expect(nextAction).toBeNull();
    expect(verdict([fine], { toReplace: ['s1'] }).sentence).toMatch(/while s1 was replaced$/);
    const moved = [replacement('g1', { role: 'green' }), replacement('b1', { role: 'blue' })];
    expect(verdict([fine], { replacements: moved }).sentence).toMatch(
      /while g1 came in with the new version and b1 left$/,
    );
  });
  it('names what the policy tolerated', () => {
    const tolerated = verdict([fine], { ...counts({ failed: 2 }), outages: [because('BACKGROUND')] });
    expect(tolerated.sentence).toBe(
      '2 of 6,000 requests failed while s1 and s2 were replaced, which the policy tolerates: BACKGROUND it was',
    );
  });
});

describe('FAIL', () => {
  const failed = counts({ failed: 9 });
  it('tells of the largest outage: when, after which step, and why', () => {
    const one = verdict([down], { ...failed, outages: [because('INFLIGHT_CUT')] });
    expect(one.sentence).toBe(
      '9 of 6,000 requests failed at 0:06.0, after the step sleep 2 s began: INFLIGHT_CUT it was',
    );
    expect(one.nextAction).toBe('against INFLIGHT_CUT of null');
    const long = because('INFLIGHT_CUT', { failures: 5, startHi: 65_000, endLo: 67_240, stepBefore: null });
    const two = verdict([down], { ...failed, outages: [because('KEEPALIVE_RACE'), long] });
    expect(two.sentence).toBe(
      '9 of 6,000 requests failed, in 2 outages; in the largest 5 failed between 1:05.0 and 1:07.2: INFLIGHT_CUT it was',
    );
    const short = because('INFLIGHT_CUT', { failures: 2, startHi: 6010, endLo: 6040 });
    expect(verdict([down], { ...failed, outages: [short] }).sentence).toContain('failed at 0:06.0, after');
  });
  it('takes the first of several as large, and its earliest and latest certain moment', () => {
    const same = [
      because('INFLIGHT_CUT', { failures: 3, startHi: 9000, endLo: 8000 }),
      because('LB_ENDPOINT', { failures: 3 }),
    ];
    expect(verdict([down], { ...failed, outages: same }).sentence).toMatch(
      /in the largest 3 failed between 0:08\.0 and 0:09\.0, after the step sleep 2 s began: INFLIGHT_CUT it was$/,
    );
    const early = because('INFLIGHT_CUT', { startHi: -500, endLo: -400 });
    expect(verdict([down], { ...failed, outages: [early] }).sentence).toContain('failed at 0:00.0');
  });
  it('does not tell of background where something else failed the deploy', () => {
    const outages = [because('BACKGROUND', { failures: 7 }), because('INFLIGHT_CUT', { failures: 2 })];
    const told = verdict([down], { ...failed, outages });
    expect(told.sentence).toContain('in 2 outages; in one of them 2 failed');
    expect(told.nextAction).toBe('against INFLIGHT_CUT of null');
  });
  it('says what is known where every outage is background', () => {
    const outages = [because('BACKGROUND')];
    const tied = (mechanism: number) => verdict([down], { ...failed, outages, mechanism });
    expect(tied(0).sentence).toBe('9 of 6,000 requests failed: more than fail without a deploy');
    expect(tied(1).sentence).toBe(
      '9 of 6,000 requests failed: 1 of them is tied to a step of the deploy by target, time and kind',
    );
    expect(tied(3).sentence).toContain('3 of them are tied to');
    expect(tied(0).nextAction).toBe('do about DOWNTIME_OBSERVED');
  });
  it('adds an old version and slow answers, or tells of them alone', () => {
    const [stale, slow] = [result('fail', 'STALE_VERSION'), result('fail', 'SLOW_REQUESTS')];
    const outages = [because('INFLIGHT_CUT')];
    const three = verdict([slow, down, stale], { ...failed, outages });
    expect(three.sentence).toMatch(/INFLIGHT_CUT it was; said of STALE_VERSION; said of SLOW_REQUESTS$/);
    expect(three.nextAction).toBe('against INFLIGHT_CUT of null');
    const noisy = verdict([down, stale], { ...failed, outages: [because('BACKGROUND')] });
    expect(noisy.sentence).toMatch(/more than fail without a deploy; said of STALE_VERSION$/);
    const alone = verdict([slow, stale], { outages });
    expect(alone.sentence).toBe('said of STALE_VERSION; said of SLOW_REQUESTS');
    expect(alone.nextAction).toBe('do about STALE_VERSION do about SLOW_REQUESTS');
    expect(verdict([down, stale], { outages: [] }).sentence).toBe('said of DOWNTIME_OBSERVED; said of STALE_VERSION');
  });
  it('advises the longest sleep that any target needed', () => {
    const call = (target: string, respondedAt: number, operation: 'detach' | 'attach' = 'detach') => ({
      operation,
      target,
      requestedAt: respondedAt - 10,
      respondedAt,
      error: null,
    });
    const routed = (target: string, endLo: number, failures: number) =>
      because('ROUTED_TO_STOPPED', { startHi: endLo - 100, endLo, failures }, target);
    const calls = [call('s1', 1000), call('s2', 10_000), call('s1', 12_900, 'attach')];
    const timeline = { ...emptyEvidence().timeline, calls };
    const outages = [routed('s1', 3000, 9), routed('s2', 13_000, 2), because('INFLIGHT_CUT', { endLo: 90_000 }, 's1')];
    const next = (change: Partial<Evidence>) => verdict([down], { ...failed, outages, timeline, ...change }).nextAction;
    expect(next({})).toBe('against ROUTED_TO_STOPPED of s2');
    // The last detach of a target is the one that counts.
    expect(next({ timeline: { ...timeline, calls: [...calls, call('s2', 12_000)] } })).toBe(
      'against ROUTED_TO_STOPPED of s1',
    );
    expect(next({ timeline: emptyEvidence().timeline })).toBe('against ROUTED_TO_STOPPED of s1');
    const mixed = [because('INFLIGHT_CUT', { failures: 20 }, 's2'), ...outages];
    expect(next({ outages: mixed })).toBe('against INFLIGHT_CUT of s2');
  });
});

describe('INCONCLUSIVE', () => {
  const low = result('inconclusive', 'LOW_RESOLUTION');
  const few = result('inconclusive', 'TOO_FEW_REQUESTS');
  it('says that it proves nothing, with the first reason and how many more', () => {
    expect(verdict([low]).sentence).toBe(
      '0 of 6,000 requests failed, but that proves nothing yet: said of LOW_RESOLUTION',
    );
    expect(verdict([few, low]).sentence).toMatch(/said of LOW_RESOLUTION \(and 1 more reason\)$/);
    const three = verdict([few, low, result('inconclusive', 'GEN_LATE')]);
    expect(three.sentence).toMatch(/said of GEN_LATE \(and 2 more reasons\)$/);
    expect(verdict([low], { window: null }).sentence).toMatch(/^no target was detached, but/);
  });
  it('puts what brings the others with it first, and advises about that alone', () => {
    const stall = result('inconclusive', 'GEN_STALL');
    const half = result('inconclusive', 'DEPLOY_INCOMPLETE');
    const both = verdict([low, stall, half]);
    expect(both.sentence).toContain('yet: said of DEPLOY_INCOMPLETE (and 2 more');
    expect(both.nextAction).toBe('do about DEPLOY_INCOMPLETE');
    expect(verdict([stall, low]).nextAction).toBe('do about GEN_STALL');
  });
  it('else advises about the first two, each once, and about nothing where nothing helps', () => {
    const late = result('inconclusive', 'GEN_LATE');
    expect(verdict([few, low, late]).nextAction).toBe('do about GEN_LATE do about LOW_RESOLUTION');
    const same = [{ ...late, hint: 'again' }, { ...low, hint: 'again' }, few];
    expect(verdict(same).nextAction).toBe('again do about TOO_FEW_REQUESTS');
    expect(verdict([{ ...low, hint: null }, few]).nextAction).toBe('do about TOO_FEW_REQUESTS');
    expect(verdict([{ ...low, hint: null }]).nextAction).toBeNull();
  });
});

describe('ERROR', () => {
  it('has no verdict, but a reason', () => {
    const error = verdict([result('inconclusive', 'TOOL_ERROR'), down]);
    expect(error).toMatchObject({ kind: 'ERROR', sentence: 'no verdict: said of TOOL_ERROR' });
    expect(error.nextAction).toBe('do about TOOL_ERROR');
    // An objection without a code of the table is the tool's own fault.
    expect(verdict([result('fail', null)]).sentence).toBe('no verdict: nothing was judged');
  });
});
