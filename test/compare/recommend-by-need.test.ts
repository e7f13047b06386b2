import { describe, expect, it } from 'vitest';
import type { NeedObservation } from '../../src/compare/need.js';
import { recommendByNeed } from '../../src/compare/recommend-by-need.js';
import { randomOf } from '../runs/random.js';
import { isWithin, needsOf, SLEEPS_MS } from './study.js';

const ALPHA = 0.05;
const STUDIES = 2000;

/** Needs with a median of 4 s, σ 0.7 (verdict.md §9): P(Y > 15 s) = 0.0295 for one instance. */
function lognormal(random: () => number): () => number {
  return () => 4000 * Math.exp(0.7 * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()));
}

/** The worst case: no candidate is long enough, each by as little as can be. */
function eitherOr(random: () => number, tooShort: number): () => number {
  return () => (random() < tooShort ? 1_000_000 : 1);
}

/** Complementary error function by its integral, to tell the truth of the simulated needs independently. */
function exceeds(sleepMs: number): number {
  const z = Math.log(sleepMs / 4000) / 0.7;
  let tail = 0;
  for (let x = z + 0.0005; x < z + 12; x += 0.001) tail += Math.exp((-x * x) / 2);
  return (tail * 0.001) / Math.sqrt(2 * Math.PI);
}

function errorsOf(
  limit: number,
  repeats: number,
  draw: () => number,
  truth: (sleepMs: number) => number,
  alpha = ALPHA,
) {
  let errors = 0;
  for (let study = 0; study < STUDIES; study++) {
    const { recommendedMs } = recommendByNeed(needsOf(repeats, draw), SLEEPS_MS, limit, alpha);
    if (recommendedMs !== null && truth(recommendedMs) > limit) errors++;
  }
  return errors;
}

const run = (sleepMs: number, needMs: number, more: Partial<NeedObservation> = {}): NeedObservation => ({
  sleepMs,
  needMs,
  censored: false,
  ...more,
});
const many = (count: number, observation: NeedObservation) => new Array<NeedObservation>(count).fill(observation);

describe('recommendByNeed', () => {
  it.each([29, 44])('recommends a sleep that is too short with probability ≤ α, %i repeats', (repeats) => {
    const seed = 42 + repeats;
    const random = randomOf(seed);
    const limit = 0.0999;
    const errors = errorsOf(limit, repeats, eitherOr(random, 0.1), () => 0.1);
    expect(isWithin(errors, STUDIES, ALPHA), `${errors} of ${STUDIES} studies, seed ${seed}`).toBe(true);
    // Without the division by the number of candidates it would not hold: the simulation can tell.
    const uncorrected = errorsOf(limit, repeats, eitherOr(random, 0.1), () => 0.1, ALPHA * SLEEPS_MS.length);
    expect(isWithin(uncorrected, STUDIES, ALPHA), `${uncorrected} of ${STUDIES} studies, seed ${seed}`).toBe(false);
  });

  it('errs no more with needs as they are', () => {
    const seed = 7;
    const limit = exceeds(15_000) * 0.999;
    const errors = errorsOf(limit, 50, lognormal(randomOf(seed)), exceeds);
    expect(isWithin(errors, STUDIES, ALPHA), `${errors} of ${STUDIES} studies, seed ${seed}`).toBe(true);
  });

  it('learns of a short sleep from runs with a long one', () => {
    const study = many(59, run(60_000, 3200));
    expect(recommendByNeed(study, [5000], 0.05, ALPHA).recommendedMs).toBe(5000);
    const { table, recommendedMs } = recommendByNeed(study, [3000, 5000, 60_000, 90_000], 0.1, ALPHA);
    expect(recommendedMs).toBe(5000);
    expect(table.map((r) => [r.sleepMs, r.runs, r.bad])).toEqual([
      [3000, 59, 59],
      [5000, 59, 0],
      [60_000, 59, 0],
      [90_000, 0, 0],
    ]);
    expect(table.at(-1)).toMatchObject({ upper: 1, shown: false });
  });

  it('recommends nothing when a deploy failed although it slept long enough', () => {
    const study = [...many(299, run(60_000, 3200, { failed: false })), run(60_000, 3200, { failed: true })];
    const said = recommendByNeed(study, [5000, 60_000], 0.1, ALPHA);
    expect(said).toMatchObject({ recommendedMs: null, otherCauses: 1 });
    expect(said.table.some((r) => r.shown)).toBe(false);
    const censored = [...study.slice(0, -1), run(5000, 5000, { censored: true, failed: true })];
    expect(recommendByNeed(censored, [5000, 60_000], 0.1, ALPHA)).toMatchObject({
      recommendedMs: 5000,
      otherCauses: 0,
    });
  });

  it('counts what it does not know against every candidate', () => {
    const good = many(100, run(60_000, 3200));
    const bads = (odd: NeedObservation) =>
      recommendByNeed([...good, odd], [5000, 60_000], 0.5, ALPHA).table.map((r) => r.bad);
    expect(bads(run(60_000, Number.NaN))).toEqual([1, 1]);
    expect(bads(run(Number.NaN, 1))).toEqual([1, 1]);
    expect(bads(run(60_000, 0, { censored: true }))).toEqual([1, 1]);
    expect(bads(run(5000, 9000))).toEqual([1, 0]);
  });

  it('proves nothing from nothing', () => {
    const good = many(1000, run(60_000, 3200));
    expect(recommendByNeed([], [5000], 0.1, ALPHA).recommendedMs).toBeNull();
    expect(recommendByNeed(good, [], 0.1, ALPHA)).toMatchObject({ recommendedMs: null, table: [] });
    expect(recommendByNeed(good, [Number.NaN], 1, ALPHA).recommendedMs).toBeNull();
    for (const alpha of [0, -1, 1, 4, Number.NaN]) {
      expect(recommendByNeed(good, [5000, 6000, 7000], 0.1, alpha).recommendedMs).toBeNull();
    }
    expect(recommendByNeed(good, [5000, 5000], 0.1, ALPHA)).toEqual(recommendByNeed(good, [5000], 0.1, ALPHA));
  });
});
