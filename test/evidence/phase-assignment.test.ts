import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Phase } from '../../src/domain/phase.js';
import { assignPhase, assignPhases } from '../../src/evidence/phase-assignment.js';

const phase = (id: string, from: number, to: number): Phase => ({ id, kind: 'drain', target: null, from, to });

describe('assignPhase', () => {
  it('adds up the pieces of a phase', () => {
    const phases = [phase('a', 0, 40), phase('b', 40, 60), phase('a', 60, 100)];
    expect(assignPhase({ from: 0, to: 100 }, phases)).toMatchObject({ phase: 'a', weight: 0.8, ambiguous: true });
  });

  it('knows a tie in spite of rounding', () => {
    const phases = [phase('a', 0, 0.3), phase('b', 0.3, 0.6)];
    expect(assignPhase({ from: 0.1, to: 0.5 }, phases).phase).toBe('b');
  });

  it('is the same for many spans as for each', () => {
    const cuts = fc.uniqueArray(fc.integer({ min: 0, max: 100 }), { minLength: 2, maxLength: 8 });
    const spans = fc.array(fc.tuple(fc.integer({ min: -20, max: 120 }), fc.integer({ min: 0, max: 60 })), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(cuts, spans, (at, list) => {
        const sorted = [...at].sort((a, b) => a - b);
        const phases = sorted.slice(1).map((to, i) => phase(`p${i}`, sorted[i]!, to));
        const from = Float64Array.from(list, ([begin]) => begin);
        const to = Float64Array.from(list, ([begin, length]) => begin + length);
        const columns = assignPhases(from, to, phases);
        for (const row of list.keys()) {
          const one = assignPhase({ from: from[row]!, to: to[row]! }, phases);
          expect(phases[columns.phase[row]!]?.id ?? null).toBe(one.phase);
          expect(columns.ambiguous[row] === 1).toBe(one.ambiguous);
          const total = Object.values(one.weights).reduce((sum, weight) => sum + weight, 0);
          expect(total).toBeLessThanOrEqual(1 + 1e-9);
        }
      }),
    );
  });

  it('places what was never sent nowhere', () => {
    const columns = assignPhases(Float64Array.of(Number.NaN), Float64Array.of(Number.NaN), [phase('a', 0, 10)]);
    expect([columns.phase[0], columns.ambiguous[0]]).toEqual([-1, 1]);
  });
});
