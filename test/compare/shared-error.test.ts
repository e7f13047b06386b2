import { describe, expect, it } from 'vitest';
import { recommendByNeed } from '../../src/compare/recommend-by-need.js';
import { recommendByRuns } from '../../src/compare/recommend-by-runs.js';
import { sharedError } from '../../src/compare/shared-error.js';
import { randomOf } from '../runs/random.js';
import { isWithin, needsOf, SLEEPS_MS } from './study.js';

const ALPHA = 0.05;
const STUDIES = 2000;
const LIMIT = 0.1;
const REPEATS = 37;

/** How often one way or the other recommends a sleep, though every sleep is too short a little more often than wanted. */
function errorsWith({ needAlpha, runsAlpha }: ReturnType<typeof sharedError>, seed: number): number {
  const random = randomOf(seed);
  let errors = 0;
  for (let study = 0; study < STUDIES; study++) {
    const needs = needsOf(REPEATS, () => (random() < LIMIT + 1e-9 ? 1_000_000 : 0));
    const rows = SLEEPS_MS.map((sleepMs) => {
      const own = needs.filter((n) => n.sleepMs === sleepMs);
      return { sleepMs, runs: own.length, bad: own.filter((n) => n.failed).length };
    });
    const byNeed = recommendByNeed(needs, SLEEPS_MS, LIMIT, needAlpha).recommendedMs;
    const byRuns = recommendByRuns(rows, LIMIT, runsAlpha).recommendedMs;
    if (byNeed !== null || byRuns !== null) errors++;
  }
  return errors;
}

describe('two ways to recommend one sleep', () => {
  const seed = Number(process.env.SEED ?? 20260401);

  it(`err together with probability ≤ α (seed ${seed})`, () => {
    expect(isWithin(errorsWith(sharedError(ALPHA, true), seed), STUDIES, ALPHA)).toBe(true);
  });

  it('would err more often with α each', () => {
    expect(errorsWith({ needAlpha: ALPHA, runsAlpha: ALPHA }, seed)).toBeGreaterThan(
      errorsWith(sharedError(ALPHA, true), seed),
    );
  });

  it('is one way where the need says nothing', () => {
    expect(sharedError(ALPHA, false)).toEqual({ needAlpha: 0, runsAlpha: ALPHA });
  });
});
