import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kaplanMeier } from '../../src/stats/kaplan-meier.js';

interface Observation {
  readonly time: number;
  readonly observed: boolean;
}
const observation = fc.record({ time: fc.integer({ min: 0, max: 20 }), observed: fc.boolean() });
const curve = (list: readonly Observation[]) =>
  kaplanMeier(
    Float64Array.from(list, (o) => o.time),
    Uint8Array.from(list, (o) => (o.observed ? 1 : 0)),
  );

describe('kaplanMeier', () => {
  it('is the share that lasts longer when nothing is censored', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 60 }), (drawn) => {
        const times = drawn.map((t) => t + 0); // no −0, which is not told apart from 0
        const steps = curve(times.map((time) => ({ time, observed: true })));
        expect(steps.map((s) => s.time)).toEqual([...new Set(times)].sort((a, b) => a - b));
        for (const { time, survival } of steps) {
          expect(survival).toBeCloseTo(times.filter((t) => t > time).length / times.length, 12);
        }
      }),
    );
  });

  it('is the product over its definition, whatever the order of the observations', () => {
    fc.assert(
      fc.property(fc.array(observation, { maxLength: 40 }), (list) => {
        let survival = 1;
        const expected = [...new Set(list.filter((o) => o.observed).map((o) => o.time))]
          .sort((a, b) => a - b)
          .map((time) => {
            const atRisk = list.filter((o) => o.time >= time).length;
            const events = list.filter((o) => o.observed && o.time === time).length;
            survival *= 1 - events / atRisk;
            return { time, atRisk, events, survival: expect.closeTo(survival, 10) };
          });
        expect(curve(list)).toEqual(expected);
      }),
    );
  });

  it('never falls for a censored one, and lies above the curve that took it for an event', () => {
    fc.assert(
      fc.property(fc.array(observation, { minLength: 1, maxLength: 40 }), (list) => {
        const end = (steps: ReturnType<typeof curve>) => steps.at(-1)?.survival ?? 1;
        expect(end(curve(list))).toBeGreaterThanOrEqual(
          end(curve(list.map((o) => ({ ...o, observed: true })))) - 1e-12,
        );
        expect(curve(list.map((o) => ({ ...o, observed: false })))).toEqual([]);
      }),
    );
  });

  it('passes over times that are no number', () => {
    const steps = curve([
      { time: Number.NaN, observed: true },
      { time: 3, observed: true },
      { time: 5, observed: false },
    ]);
    expect(steps).toEqual([{ time: 3, atRisk: 2, events: 1, survival: 0.5 }]);
  });
});
