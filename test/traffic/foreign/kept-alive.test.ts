import { describe, expect, it } from 'vitest';
import { keptAliveProblem } from '../../../src/traffic/foreign/kept-alive.js';

describe('keptAliveProblem', () => {
  const problem = (sent: number, reused: number, failed = 0) => keptAliveProblem({ sent, reused, failed }, 698, 125);

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
  });
});
