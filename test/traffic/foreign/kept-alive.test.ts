import { describe, expect, it } from 'vitest';
import { keptAliveProblem } from '../../../src/traffic/foreign/kept-alive.js';

describe('keptAliveProblem', () => {
  it('says that a lane of fresh connections proves nothing about kept-alive ones', () => {
    const said = keptAliveProblem({ sent: 3400, reused: 12 }, 698, 125);
    expect(said).toMatch(/^lane reuse proves nothing .*: 12 of 3400 requests found theirs open, .* every 5\.6 s only/);
  });

  it('does not count the first request of each place, nor a run too short to tell', () => {
    expect(keptAliveProblem({ sent: 3400, reused: 2702 }, 698, 125)).toBeNull();
    expect(keptAliveProblem({ sent: 3400, reused: 1350 }, 698, 125)).toMatch(/1350 of 3400/);
    expect(keptAliveProblem({ sent: 3400, reused: 1352 }, 698, 125)).toBeNull();
    expect(keptAliveProblem({ sent: 1300, reused: 0 }, 698, 125)).toBeNull();
    expect(keptAliveProblem({ sent: 0, reused: 0 }, 698, 125)).toBeNull();
  });
});
