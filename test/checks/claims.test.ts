import { describe, expect, it } from 'vitest';
import { claimsOf } from '../../src/checks/claims.js';
import type { Evidence } from '../../src/domain/evidence.js';
import type { LaneRow } from '../../src/domain/result.js';
import { DEFAULT_POLICY } from '../../src/domain/scenario.js';
import type { VerdictKind } from '../../src/domain/verdict.js';
import { emptyEvidence, outage, replacement } from './evidence-builder.js';

const claims = (change: Partial<Evidence> = {}, verdict: VerdictKind = 'PASS') =>
  claimsOf({ ...emptyEvidence(), ...change }, { ...DEFAULT_POLICY, alpha: 0.05 }, verdict);
const counts = (change: Partial<Evidence['counts']>) => ({ counts: { ...emptyEvidence().counts, ...change } });
const seen = (change: Partial<Evidence['resolution']>) => ({
  resolution: { ...emptyEvidence().resolution, ...change },
});
const lane = (name: LaneRow['lane'], change: Partial<LaneRow> = {}): LaneRow => ({
  lane: name,
  requests: 1000,
  failed: 0,
  unknown: 0,
  totalOutageMs: 20,
  targetOutageMs: 80,
  unobservedMs: 0,
  minAvailability: [],
  ...change,
});
const [TOTAL, ONE, ODDS, REPLACED] = [0, 1, 2, 3];

describe('claim (a): a total outage', () => {
  it('names every claimed lane with its own length, the lane of held requests not', () => {
    const lanes = [lane('new', { totalOutageMs: 8 }), lane('reuse', { totalOutageMs: 25 }), lane('long')];
    expect(claims({ lanes }).sentences[TOTAL]).toBe('No total outage > 8 ms (new) / 25 ms (reuse).');
    expect(claims({ lanes, outages: [outage()] }).sentences[TOTAL]).toBe(
      'No total outage > 8 ms (new) / 25 ms (reuse) went unseen.',
    );
  });
  it('adds connect time that may hide one, from a millisecond on', () => {
    const said = (jitterMs: number | null) => claims({ lanes: [lane('new')], ...seen({ jitterMs }) }).sentences[TOTAL];
    expect(said(null)).toBe('No total outage > 20 ms (new).');
    expect(said(0.99)).toBe('No total outage > 20 ms (new).');
    expect(said(1)).toBe('No total outage > 20 ms (new), give or take 1 ms of connect time.');
  });
  it('claims nothing where a lane sent nothing', () => {
    const unknown = claims({ lanes: [lane('new')], ...seen({ totalOutageMs: null }) });
    expect(unknown.totalOutageMs).toBeNull();
    expect(unknown.sentences[TOTAL]).toBe(
      'How short a total outage would have been seen is not known: some lane of the traffic sent nothing.',
    );
    const gap = claims({ lanes: [lane('new', { totalOutageMs: null })] });
    expect(gap.sentences[TOTAL]).toBe('No total outage > unknown (new).');
  });
});

describe('claim (b): an outage of one target', () => {
  it('says its length with its confidence, or that it is not known', () => {
    expect(claims().sentences[ONE]).toBe(
      'A one-target outage > 80 ms on every balancer node would have been seen with 99 %.',
    );
    const none = claims(seen({ targetOutageMs: null }));
    expect(none.targetOutageMs).toBeNull();
    expect(none.sentences[ONE]).toBe('How short an outage of one target would have been seen is not known.');
  });
});

describe('claim (c): the failure probability', () => {
  it('is the bound over the judged requests, and its downtime the bound times the window plus what was not observed', () => {
    const none = claims();
    expect(none.failureProbabilityUpper).toBeCloseTo(1 - 0.05 ** (1 / 6000), 12);
    expect(none.equivalentDowntimeMs).toBeCloseTo((1 - 0.05 ** (1 / 6000)) * 20_000, 9);
    expect(none.confidence).toBe(0.95);
    expect(none.sentences[ODDS]).toBe(
      'Failure probability in this deploy ≤ 0.0499 % (95 %), ≤ 10 ms equivalent downtime.',
    );
    expect(claims(seen({ unobservedMs: 500 })).equivalentDowntimeMs).toBeCloseTo(510, 0);
  });
  it('is not known without a judged request or without a window', () => {
    const without = [claims(counts({ judged: 0 })), claims({ window: null })];
    for (const { failureProbabilityUpper, equivalentDowntimeMs, sentences } of without) {
      expect([failureProbabilityUpper, equivalentDowntimeMs]).toEqual([null, null]);
      expect(sentences[ODDS]).toBe('Nothing is known of the failure probability.');
    }
    expect(claims(counts({ judged: 1 })).failureProbabilityUpper).toBeCloseTo(0.95, 12);
  });
  it('names the worst of the shortest windows, of whichever lane', () => {
    const at = (windowMs: number, ratio: number) => ({ windowMs, ratio });
    const lanes = [
      lane('new', { minAvailability: [at(1000, 0.9), at(60_000, 0.99)] }),
      lane('reuse', { minAvailability: [at(60_000, 0.98), at(1000, 0.95)] }),
    ];
    const worst = claims({ lanes });
    expect(worst.minAvailability).toEqual([at(1000, 0.9), at(60_000, 0.98)]);
    expect(worst.sentences[ODDS]).toMatch(/downtime\. In the worst 1 s of a lane 90 % were answered well\.$/);
    const whole = claims({ lanes: [lane('new', { minAvailability: [at(1000, 1)] })] });
    expect(whole.minAvailability).toEqual([at(1000, 1)]);
    expect(whole.sentences[ODDS]).toMatch(/downtime\.$/);
  });
});

describe('claim (d): each target was replaced', () => {
  it('tells the smallest margin, and of how many answers', () => {
    const both = claims({ replacements: [replacement('s1', { marginMs: 1500 }), replacement('s2')] });
    expect(both).toMatchObject({ replaced: 'proven', marginMs: 1500 });
    expect(both.margins).toEqual([
      { target: 's1', marginMs: 1500 },
      { target: 's2', marginMs: 2000 },
    ]);
    expect(both.sentences[REPLACED]).toBe(
      's1 and s2 left, came back and served the new version 200 times. Sleep margin ≥ 1.5 s. This proves this deploy; 1 deploy supports ≤ 95 % failure odds for the next.',
    );
    expect(claims({}, 'FAIL').sentences[REPLACED]).toMatch(/Sleep margin ≥ 2 s\.$/);
  });
  it('tells a sleep that was too short, by how much where that was seen to its end', () => {
    const end = (replacements: Evidence['replacements']) => {
      const { marginMs, margins, sentences } = claims({ replacements }, 'FAIL');
      return { marginMs, margins: margins.map((m) => m.marginMs), said: sentences[REPLACED]?.split('times.')[1] };
    };
    expect(end([replacement('s1', { marginMs: -300 }), replacement('s2')])).toEqual({
      marginMs: -300,
      margins: [-300, 2000],
      said: ' The sleep was 300 ms too short.',
    });
    expect(end([replacement('s1', { marginMs: 0 }), replacement('s2')]).said).toBe(' Sleep margin ≥ 0 ms.');
    expect(end([replacement('s1', { needHiMs: null, marginMs: 40 }), replacement('s2')])).toEqual({
      marginMs: null,
      margins: [null, 2000],
      said: ' The sleep was too short.',
    });
    expect(end([replacement('s1', { marginMs: null }), replacement('s2', { marginMs: null })])).toEqual({
      marginMs: null,
      margins: [],
      said: '',
    });
  });
  it('names what is not proven, and who moved in a blue-green deploy', () => {
    const open = claims({ replacements: [replacement('s1', { replaced: false }), replacement('s2')] });
    expect(open.replaced).toBe('unproven');
    expect(open.sentences[REPLACED]).toBe('Not proven: s1 was not seen to be replaced by a new process.');
    const moved = claims({
      replacements: [
        replacement('g1', { role: 'green', marginMs: null, servedNew: 1200 }),
        replacement('b1', { role: 'blue', marginMs: null, servedNew: 0 }),
      ],
      toReplace: ['g1', 'b1'],
    });
    expect(moved.sentences[REPLACED]).toBe(
      'g1 came in with the new version and b1 left; it was served 1,200 times. This proves this deploy; 1 deploy supports ≤ 95 % failure odds for the next.',
    );
  });
});
