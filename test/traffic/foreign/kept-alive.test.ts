import { describe, expect, it } from 'vitest';
import { KeptAliveCount, keptAliveProblem } from '../../../src/traffic/foreign/kept-alive.js';

describe('keptAliveProblem', () => {
  const problem = (sent: number, reused: number, failed = 0) =>
    keptAliveProblem({ sent, reused, failed }, { places: 698, ratePerSecond: 125 });

  it('says that a lane of fresh connections proves nothing about kept-alive ones', () => {
    expect(problem(3400, 12)).toMatch(
      /^lane reuse proves nothing .*: 12 of 3400 requests found theirs open, .* every 5\.6 s only/,
    );
  });

  it('does not count the first request of each place, nor what a failure costs: itself and the connection after it', () => {
    expect(problem(3400, 2702)).toBeNull();
    expect(problem(3400, 2432)).toBeNull();
    expect(problem(3400, 2431)).toMatch(/2431 of 3400/);
    expect(problem(3400, 2431, 1)).toBeNull();
    expect(problem(0, 0)).toBeNull();
  });

  it('takes no run for proof that was over before connections were used again', () => {
    expect(problem(1300, 0)).toMatch(/0 of 1300/);
    expect(problem(1300, 540)).toMatch(/540 of 1300/);
    expect(problem(900, 224)).toMatch(/224 of 900/);
    expect(problem(900, 225)).toBeNull();
  });

  it('says nothing where nothing was answered: that is told otherwise', () => {
    expect(problem(500, 0, 500)).toBeNull();
    expect(keptAliveProblem({ sent: 500, reused: 0, failed: 500 }, { places: 1, shown: null })).toBeNull();
  });
});

describe('keptAliveProblem of a clock that does not see every connection being opened', () => {
  const problem = (sent: number, reused: number, shown: number | null, places = 6) =>
    keptAliveProblem({ sent, reused, failed: 0 }, { places, shown });

  it('scales up what it sees by what it sees of connections that are all fresh', () => {
    // Every connection was fresh, and one in four took long enough to show.
    expect(problem(4273, 3254, 993 / 4274)).toMatch(/: 0 of 4273 requests found theirs open \(lanes\.reuse/);
    expect(problem(4322, 4301, 1215 / 4323)).toBeNull();
    // 40 seen of 4000 are 160 at one in four, 800 at one in twenty.
    expect(problem(4000, 3960, 0.25)).toBeNull();
    expect(problem(4000, 3960, 0.05)).toMatch(/3200 of 4000/);
    expect(problem(4000, 3960, 1)).toBeNull();
  });

  it('proves nothing where too few show to know that share', () => {
    expect(problem(4000, 4000, null)).toMatch(/proves nothing .* too few connections of lane new/);
    expect(problem(0, 0, null)).toBeNull();
  });
});

describe('KeptAliveCount', () => {
  const use = (lane: 'new' | 'reuse' | 'long', isReused = false, isSeenConnecting = false, isFailed = false) => ({
    lane,
    isReused,
    isFailed,
    isSeenConnecting,
  });
  const counted = (uses: readonly ReturnType<typeof use>[]) => {
    const count = new KeptAliveCount();
    for (const one of uses) count.add(one);
    return count;
  };

  it('counts lane reuse, and how many of the answers on fresh connections were seen connecting', () => {
    const fresh = [...Array(80).fill(use('new')), ...Array(20).fill(use('new', false, true))];
    const kept = [use('reuse', true), use('reuse', true), use('reuse', false, true), use('reuse', false, false, true)];
    const others = [use('long', false, true), use('new', false, true, true)];
    expect(counted([...fresh, ...kept, ...others])).toMatchObject({ sent: 4, reused: 2, failed: 1, shown: 0.2 });
  });

  it('knows no share of fewer than twenty', () => {
    expect(counted(Array(19).fill(use('new', false, true))).shown).toBeNull();
    expect(counted(Array(20).fill(use('new', false, true))).shown).toBe(1);
  });
});
