import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binomialLower, binomialUpper } from '../../src/stats/binomial.js';
import { periEventHistograms } from '../../src/stats/peri-event.js';
import { eachOf, periEventHistogram } from './sweeps.js';

const AXIS = { from: -500, to: 1000, binMs: 250, alpha: 0.05 };

describe('periEventHistogram', () => {
  it('counts what lies in each bin around each event', () => {
    const request = fc.record({ at: fc.integer({ min: 0, max: 5000 }), failed: fc.boolean() });
    const events = fc.array(fc.integer({ min: -200, max: 5200 }), { maxLength: 4 });
    fc.assert(
      fc.property(fc.array(request, { maxLength: 200 }), events, (requests, at) => {
        const times = (list: typeof requests) => list.map((r) => r.at);
        const bins = periEventHistogram(times(requests), times(requests.filter((r) => r.failed)), at, AXIS);
        for (const { from, to, sends, failures, rate, lower, upper } of bins) {
          const inside = at.flatMap((event) => requests.filter((r) => r.at - event >= from && r.at - event < to));
          expect([sends, failures]).toEqual([inside.length, inside.filter((r) => r.failed).length]);
          expect(rate).toBe(sends === 0 ? null : failures / sends);
          expect([lower, upper]).toEqual([binomialLower(failures, sends, 0.05), binomialUpper(failures, sends, 0.05)]);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('keeps the types of events apart', () => {
    const [sends, failures] = [
      [100, 150, 900],
      [150, 900],
    ];
    const types = [[0], [800, 850], []];
    expect(periEventHistograms(eachOf(sends), eachOf(failures), types, AXIS)).toEqual(
      types.map((events) => periEventHistogram(sends, failures, events, AXIS)),
    );
  });

  it('tiles its axis, the last bin cut where the axis ends', () => {
    const none: number[] = [];
    const edges = (to: number, binMs: number) =>
      periEventHistogram(none, none, [0], { ...AXIS, to, binMs }).map((b) => [b.from, b.to]);
    expect(edges(0, 250)).toEqual([
      [-500, -250],
      [-250, 0],
    ]);
    expect(edges(100, 400)).toEqual([
      [-500, -100],
      [-100, 100],
    ]);
    for (const binMs of [0, -1, Number.NaN]) expect(edges(100, binMs)).toEqual([]);
    expect(edges(-500, 250)).toEqual([]);
  });
});
