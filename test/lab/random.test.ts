import { expect, it } from 'vitest';
import { seededRandom } from '../../src/lab/random.js';

it('repeats for a seed and differs between seeds and labels', () => {
  const draws = (seed: number, label: string): number[] => {
    const random = seededRandom(seed).fork(label);
    return Array.from({ length: 5 }, () => random.next());
  };
  expect(draws(1, 'node-1')).toEqual(draws(1, 'node-1'));
  const firsts = [1, 2, 3].flatMap((seed) => ['node-1', 'node-2'].map((label) => draws(seed, label)[0]));
  expect(new Set(firsts).size).toBe(6);
});

it('a fork is not moved by draws from its parent', () => {
  const parent = seededRandom(5);
  const early = parent.fork('a').next();
  parent.next();
  expect(parent.fork('a').next()).toBe(early);
});

it('is uniform within bounds, first draws of forks too', () => {
  const values = Array.from({ length: 2_000 }, (_, index) => seededRandom(9).fork(`node-${index}`).between([10, 20]));
  expect(Math.min(...values)).toBeGreaterThanOrEqual(10);
  expect(Math.max(...values)).toBeLessThanOrEqual(20);
  // Mean of 2,000 uniform draws on [10, 20]: standard error 0.065; five of them.
  expect(Math.abs(values.reduce((sum, value) => sum + value, 0) / values.length - 15)).toBeLessThan(0.33);
});
