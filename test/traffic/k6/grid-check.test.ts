import { describe, expect, it } from 'vitest';
import { GridCheck } from '../../../src/traffic/k6/grid-check.js';

/** Numbers as k6 gives them: drops are not counted; `lagMs` is how late an iteration begins. */
function fired(
  slots: number,
  options: { drop?: (i: number) => boolean; lose?: (i: number) => boolean; lagMs?: (i: number) => number },
) {
  const grid = new GridCheck(100);
  let number = 0;
  for (let i = 0; i < slots; i++) {
    const at = 1000 + i * 10;
    if (options.lose?.(i) === true) continue;
    if (options.drop?.(i) === true) grid.dropped(at, 1);
    else grid.begun(at + (options.lagMs?.(i) ?? 1), 1000, number++);
  }
  return grid.missing;
}

describe('GridCheck', () => {
  it('finds nothing missing when every slot has a row or a drop, late or not', () => {
    expect(fired(3000, {})).toBe(0);
    expect(fired(3000, { drop: (i) => i > 500 && i < 900 })).toBe(0);
    expect(fired(3000, { lagMs: (i) => (i % 7 === 0 ? 40 : 2) })).toBe(0);
  });

  it('counts slots that left nothing, but for the one k6 is known to skip', () => {
    expect(fired(3000, { lose: (i) => i >= 1000 && i < 1020 })).toBe(19);
    expect(fired(3000, { lose: (i) => i === 1000 })).toBe(0);
  });

  it('says nothing about a lane that never began', () => {
    expect(new GridCheck(10).missing).toBe(0);
  });

  it('finds the stretch in which k6 did not run, although it fired every number afterwards', () => {
    const grid = new GridCheck(100);
    const frozen = (at: number) => (at >= 2000 && at < 2300 ? 2300 : at);
    for (let i = 0; i < 300; i++) {
      // Rows come in the order in which requests ended, some of them late.
      const slot = i % 2 === 0 ? i : Math.max(1, i - 20);
      if (slot % 50 === 7) grid.dropped(frozen(1000 + slot * 10), 1);
      else grid.begun(frozen(1000 + slot * 10), 1000, slot);
    }
    expect(grid.takeStalls(3000)).toEqual([{ from: 2000, to: 2300 }]);
    expect(grid.takeStalls(Number.POSITIVE_INFINITY)).toEqual([]);
  });
});
