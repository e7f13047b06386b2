import { describe, expect, it } from 'vitest';
import { attachNeed, detachNeed, hasAnotherCause, isSafeWith, needOfDeploy } from '../../src/compare/need.js';

const target = (detachNeedMs: number | null, attachLagMs: number | null) => ({ detachNeedMs, attachLagMs });

describe('needOfDeploy', () => {
  it('is the longest of all detaches and of all attaches but the last', () => {
    const targets = [target(2000, 3000), target(2500, 9000)];
    expect(needOfDeploy(15_000, targets, false)).toMatchObject({ needMs: 3000, censored: false });
    expect(detachNeed(15_000, targets, false)).toMatchObject({ needMs: 2500, censored: false });
    expect(attachNeed(15_000, targets, false)).toMatchObject({ needMs: 3000, censored: false });
    expect(needOfDeploy(15_000, [target(2000, null)], false)).toMatchObject({ needMs: 2000, censored: false });
    expect(attachNeed(15_000, [target(null, null)], false)).toMatchObject({ needMs: 0, censored: false });
  });

  it('is censored at the sleep when it was not seen to its end, or was longer', () => {
    const censored = { sleepMs: 5000, needMs: 5000, censored: true };
    expect(needOfDeploy(5000, [target(2000, 1000), target(null, 1000)], true)).toMatchObject(censored);
    expect(needOfDeploy(5000, [target(2000, null), target(2000, null)], true)).toMatchObject(censored);
    expect(needOfDeploy(5000, [target(5001, 1000)], false)).toMatchObject(censored);
    expect(needOfDeploy(5000, [target(Number.NaN, 1000)], false)).toMatchObject(censored);
    for (const need of [needOfDeploy, detachNeed, attachNeed]) expect(need(5000, [], false)).toMatchObject(censored);
  });

  it('is exact at the sleep itself, and never negative', () => {
    expect(needOfDeploy(5000, [target(5000, null)], false)).toMatchObject({ needMs: 5000, censored: false });
    expect(needOfDeploy(5000, [target(-40, null)], false)).toMatchObject({ needMs: 0, censored: false });
  });
});

describe('isSafeWith and hasAnotherCause', () => {
  it('hold what is not known for unsafe, and a failure in spite of enough sleep for something else', () => {
    const enough = needOfDeploy(5000, [target(4000, null)], true);
    expect([isSafeWith(4000, enough), isSafeWith(3999, enough), hasAnotherCause(enough)]).toEqual([true, false, true]);
    const short = needOfDeploy(5000, [target(null, null)], true);
    expect([isSafeWith(60_000, short), hasAnotherCause(short)]).toEqual([false, false]);
    expect(hasAnotherCause({ ...enough, failed: false })).toBe(false);
  });
});
