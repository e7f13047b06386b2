import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deployTimeMs } from '../../src/compare/deploy-time.js';
import { downtimeCurve } from '../../src/compare/downtime-curve.js';
import { provisionalSleep } from '../../src/compare/provisional-sleep.js';
import { differenceP, differenceUpper } from '../../src/compare/sleep-pair.js';
import { sleepStatement } from '../../src/compare/statement.js';
import { binomialLower, binomialUpper } from '../../src/stats/binomial.js';
import { randomOf } from '../runs/random.js';
import { isWithin } from './study.js';

const runs = (sleepMs: number, count: number, bad: number) => ({ sleepMs, runs: count, bad });

describe('sleepStatement', () => {
  it('says what the specification prints', () => {
    expect(sleepStatement(runs(30_000, 20, 0), 0.05)).toBe(
      'sleep 30 s: 0 of 20 deploys had downtime → at most 13.9 % of such deploys (95 %)',
    );
    const figures = (count: number, alpha: number) =>
      /at most ([\d.]+ %)/.exec(sleepStatement(runs(0, count, 0), alpha))?.[1];
    expect([3, 5, 10, 59, 90, 299, 459].map((n) => figures(n, 0.05))).toEqual([
      '63.2 %',
      '45.1 %',
      '25.9 %',
      '4.95 %',
      '3.27 %',
      '0.997 %',
      '0.651 %',
    ]);
    expect([3, 5, 90].map((n) => figures(n, 0.01))).toEqual(['78.5 %', '60.2 %', '4.99 %']);
  });

  it('claims nothing that the deploys do not show', () => {
    expect(sleepStatement(runs(5000, 0, 0), 0.05)).toContain('no deploy was observed');
    expect(sleepStatement(runs(5000, 3, 3), 0.05)).toBe('sleep 5 s: 3 of 3 deploys had downtime, which bounds nothing');
    expect(sleepStatement(runs(5000, 100_000, 99_998), 0.05)).toContain('which bounds nothing');
    expect(sleepStatement(runs(5000, 2000, 1990), 0.05)).toContain('at most 99.7 %');
    expect(sleepStatement(runs(5000, 100, 0), 1e-6)).toContain('(99.9999 %)');
  });
});

describe('provisionalSleep', () => {
  const seen = (needMs: number, censored = false) => ({ sleepMs: 60_000, needMs, censored });
  const candidates = [30_000, 5000, 15_000];

  it('adds the larger of 1 s and 20 %, and rounds up to a candidate', () => {
    expect(provisionalSleep([seen(4000), seen(1000)], candidates, 0.95)).toMatchObject({ needMs: 4000, sleepMs: 5000 });
    expect(provisionalSleep([seen(4001)], candidates, 0.95)).toMatchObject({ sleepMs: 15_000 });
    expect(provisionalSleep([seen(12_500)], candidates, 0.95)).toMatchObject({ sleepMs: 15_000 });
    expect(provisionalSleep([seen(12_501)], candidates, 0.95)).toMatchObject({ sleepMs: 30_000 });
    expect(provisionalSleep([seen(29_500)], candidates, 0.95)).toMatchObject({ needMs: 29_500, sleepMs: null });
  });

  it('says how little a few deploys show', () => {
    expect(provisionalSleep([seen(1)], candidates, 0.95)?.share).toBeCloseTo(0.05, 12);
    expect(provisionalSleep(new Array(10).fill(seen(1)), candidates, 0.95)?.share).toBeCloseTo(0.741, 3);
  });

  it('is silent when a need is not known', () => {
    expect(provisionalSleep([], candidates, 0.95)).toBeNull();
    expect(provisionalSleep([seen(4000), seen(5000, true)], candidates, 0.95)).toBeNull();
    expect(provisionalSleep([seen(Number.NaN)], candidates, 0.95)).toBeNull();
    expect(provisionalSleep([{ ...seen(9000), sleepMs: 5000 }], candidates, 0.95)).toBeNull();
  });
});

describe('downtimeCurve', () => {
  it('never rises, shortest sleep first, and has no point where nothing was run', () => {
    const rows = [runs(30_000, 10, 3), runs(0, 10, 10), runs(15_000, 10, 1), runs(5000, 0, 0), runs(0, 10, 8)];
    expect(downtimeCurve(rows).map((p) => [p.sleepMs, p.fitted])).toEqual([
      [0, 0.9],
      [5000, null],
      [15_000, 0.2],
      [30_000, 0.2],
    ]);
  });
});

describe('two sleeps', () => {
  it('counts only the blocks in which they differ', () => {
    const blocks = [
      ...new Array(8).fill({ first: true, second: false }),
      { first: false, second: true },
      ...new Array(50).fill({ first: true, second: true }),
    ];
    expect(differenceP(blocks)).toBeCloseTo(0.0390625, 12);
    expect(differenceP([])).toBe(1);
  });

  it('bounds their true difference with probability ≥ 1 − α each way', () => {
    const [seed, studies, alpha] = [99, 3000, 0.05];
    const random = randomOf(seed);
    const study = (p: number) => runs(0, 40, Array.from({ length: 40 }, random).filter((u) => u < p).length);
    let missed = 0;
    for (let i = 0; i < studies; i++) if (differenceUpper(study(0.3), study(0.1), alpha) < 0.2) missed++;
    expect(isWithin(missed, studies, alpha), `${missed} of ${studies}, seed ${seed}`).toBe(true);
  });

  it('shares α between the two bounds it joins', () => {
    const [upper, lower] = [binomialUpper(2, 30, 0.025), binomialLower(9, 40, 0.025)];
    const most = Math.max(binomialUpper(9, 40, 0.025) - binomialLower(2, 30, 0.025), upper - lower);
    expect(differenceUpper(runs(0, 30, 2), runs(5000, 40, 9), 0.05)).toBeCloseTo(most, 12);
  });

  it('does not care which comes first and is within [0, 1]', () => {
    const some = fc.integer({ min: 0, max: 40 }).chain((n) => fc.integer({ min: 0, max: n }).map((k) => runs(0, n, k)));
    fc.assert(
      fc.property(some, some, fc.constantFrom(0.05, 0, 1, Number.NaN), (a, b, alpha) => {
        const most = differenceUpper(a, b, alpha);
        expect(differenceUpper(b, a, alpha)).toBe(most);
        expect(most).toBeGreaterThanOrEqual(0);
        expect(most).toBeLessThanOrEqual(1);
        if ((a.runs === 0 && b.bad === 0) || !(alpha > 0 && alpha < 1)) expect(most).toBe(1);
      }),
    );
  });
});

describe('deployTimeMs', () => {
  it('sleeps twice per target', () => {
    expect(deployTimeMs(60_000, 2, 40_000) - deployTimeMs(15_000, 2, 40_000)).toBe(180_000);
    expect(deployTimeMs(0, 5, 40_000)).toBe(40_000);
  });
});
