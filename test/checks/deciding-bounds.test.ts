import { describe, expect, it } from 'vitest';
import {
  deployExcessP,
  excessUpper,
  explainedByBaseline,
  failureLower,
  failureUpper,
} from '../../src/checks/deciding-bounds.js';
import type { Counts } from '../../src/domain/result.js';
import { DEFAULT_POLICY } from '../../src/domain/scenario.js';
import { binomialLower, binomialUpper } from '../../src/stats/binomial.js';
import { emptyEvidence } from './evidence-builder.js';

const counts = (change: Partial<Counts>): Counts => ({ ...emptyEvidence().counts, ...change });

const excess = (given: Counts) => deployExcessP({ ...emptyEvidence(), counts: given });

describe('the bounds that decide', () => {
  it('take every unknown for a failure in the upper one, and leave it out of the lower one', () => {
    // verdict.md §4: 0 and 1 of 3,000 at 95 %.
    expect(failureUpper(counts({ judged: 3000 }), 0.05)).toBeCloseTo(0.000998079, 9);
    expect(failureUpper(counts({ judged: 3000, unknown: 1 }), 0.05)).toBeCloseTo(0.0015803, 7);
    expect(failureUpper(counts({ judged: 3000, failed: 1, unknown: 2 }), 0.05)).toBeCloseTo(0.00258251, 8);
    expect(failureLower(counts({ judged: 3100, failed: 3, unknown: 100 }), 0.05)).toBe(binomialLower(3, 3000, 0.05));
  });

  it('know nothing without requests', () => {
    expect(failureUpper(counts({ judged: 0 }), 0.05)).toBe(1);
    expect(failureUpper(counts({ judged: 1 }), 0.05)).toBeCloseTo(0.95, 12);
    expect(failureLower(counts({ judged: 5, failed: 5, unknown: 5 }), 0.05)).toBe(0);
    expect(failureLower(counts({ judged: 1, failed: 1 }), 0.05)).toBeCloseTo(0.05, 12);
    // More failures and unknowns than requests cannot be: the bounds stay probabilities.
    expect(failureUpper(counts({ judged: 5, failed: 4, unknown: 4 }), 0.05)).toBe(1);
    expect(failureLower(counts({ judged: 5, failed: 9 }), 0.05)).toBe(binomialLower(5, 5, 0.05));
  });

  it('split α over the two ends of an excess', () => {
    const both = counts({ judged: 1000, failed: 10, baseline: 2000, baselineFailed: 10 });
    const expected = binomialUpper(10, 1000, 0.025) - binomialLower(10, 2000, 0.025);
    expect(excessUpper(both, 0.05)).toBe(expected);
    const without = counts({ judged: 1000, failed: 10, baseline: 0, baselineFailed: 0 });
    expect(excessUpper(without, 0.05)).toBe(binomialUpper(10, 1000, 0.025));
    const one = counts({ judged: 1000, failed: 10, baseline: 1, baselineFailed: 1 });
    expect(excessUpper(one, 0.05)).toBe(binomialUpper(10, 1000, 0.025) - 0.025);
  });

  it('excuse nothing without a baseline', () => {
    expect(excess(counts({ failed: 0, baseline: 0 }))).toBe(0);
    expect(excess(counts({ failed: 0, baseline: 1 }))).toBe(1);
    // P(Bin(3, 1/2) ≥ 2) with as many requests on each side.
    const even = counts({ judged: 100, failed: 2, baseline: 100, baselineFailed: 1 });
    expect(excess(even)).toBeCloseTo(0.5, 12);
  });

  it('explain by the baseline only what it failed as well, without a mechanism, at excessAlpha', () => {
    const explained = (change: Partial<Counts>, mechanism = 0, excessAlpha = 0.01) =>
      explainedByBaseline(
        { ...emptyEvidence(), counts: counts(change), mechanism },
        { ...DEFAULT_POLICY, excessAlpha },
      );
    const even = { judged: 100, failed: 2, baseline: 100, baselineFailed: 1 };
    expect(explained(even)).toBe(true);
    expect(explained({ ...even, baselineFailed: 0 })).toBe(false);
    expect(explained(even, 1)).toBe(false);
    expect(explained(even, 0, 0.49)).toBe(true);
    expect(explained(even, 0, 0.51)).toBe(false);
    expect(explained(even, 0, excess(counts(even)))).toBe(false);
  });
});
