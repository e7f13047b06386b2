import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClockBounds, offsetBetween } from '../../../src/traffic/fleet/clock-offset.js';

/** Answers of two servers with clocks of their own, seen by a clock that is `ahead` of true time. */
function met(ahead: number, servers: readonly number[], count: number, draw: (i: number) => number, tripMs: number) {
  const bounds = new ClockBounds();
  for (let i = 0; i < count; i++) {
    const at = 1_800_000_000_000 + i * 37.3 + draw(i) * 37;
    const n = i % servers.length;
    const there = at + tripMs * draw(i + 7);
    const dateS = Math.floor((there + servers[n]!) / 1000);
    bounds.add(`s${n}`, dateS, Math.floor(at + ahead), Math.ceil(at + tripMs + ahead) + 1);
  }
  return bounds;
}
const draw = (seed: number) => (i: number) => ((i + 1) * 0.754_877 + seed) % 1;

describe('offsetBetween', () => {
  it('finds how far two clocks are apart, and never claims more than it knows', () => {
    const ms = fc.integer({ min: -100_000, max: 100_000 });
    fc.assert(
      fc.property(
        ms,
        ms,
        ms,
        ms,
        fc.integer({ min: 1, max: 80 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (theirs, ours, a, b, trip, seed) => {
          const found = offsetBetween(
            met(theirs, [a, b], 300, draw(seed), trip),
            met(ours, [a, b], 300, draw(seed + 0.3), trip),
          );
          expect(Math.abs(found!.offsetMs - (ours - theirs))).toBeLessThanOrEqual(found!.errorMs);
          expect(found!.errorMs).toBeLessThan(2 * trip + 150);
        },
      ),
    );
  });

  it('is null when they met no server in common, and none said the time', () => {
    expect(offsetBetween(new ClockBounds(), met(0, [0], 10, draw(0), 5))).toBeNull();
    const silent = new ClockBounds();
    silent.add('s0', Number.NaN, 1, 2);
    expect(offsetBetween(silent, met(0, [0], 10, draw(0), 5))).toBeNull();
  });

  it('counts a clock that was set meanwhile as doubt', () => {
    const theirs = met(0, [0], 200, draw(0), 5);
    const moved = met(4000, [0], 200, draw(0.2), 5);
    const both = new ClockBounds();
    for (const { lo, hi } of [theirs.servers.get('s0')!, moved.servers.get('s0')!]) both.add('s0', 0, 1010 - hi, -lo);
    expect(offsetBetween(both, met(0, [0], 200, draw(0.4), 5))!.errorMs).toBeGreaterThan(3500);
  });
});
