import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnOf } from '../../src/domain/column.js';
import { SAMPLE_CLASSES, type SampleClass } from '../../src/domain/outage.js';
import { outageWindows } from '../../src/evidence/outage-windows.js';
import { unobservedSweep } from '../../src/evidence/unobserved.js';
import { endsRequest, witnessInterval } from '../../src/evidence/witness.js';
import { classColumns } from './sample-rows.js';

type Row = readonly [sentAt: number, endedAt: number, cls: SampleClass];
function windowsOf(rows: readonly Row[], more: { targets?: number; ratePerSecond?: number } = {}) {
  return outageWindows({
    sentAt: columnOf(Float64Array.from(rows, (r) => r[0])),
    endedAt: columnOf(Float64Array.from(rows, (r) => r[1])),
    ...classColumns(rows.map((r) => r[2])),
    targets: 2,
    deltaMs: 50,
    ratePerSecond: 50,
    from: 1000,
    to: 5000,
    ...more,
  });
}
/** A request every 20 ms from 0 to 6 s, 8 ms each. */
const steady = (cls: (sentAt: number) => SampleClass): Row[] =>
  Array.from({ length: 300 }, (_, i): Row => [i * 20, i * 20 + 8, cls(i * 20)]);

describe('outageWindows', () => {
  it('leaves out what was not in flight in the judged window, and what does not count', () => {
    expect(windowsOf(steady((t) => (t < 900 || t > 5100 ? 'refused' : 'ok')))).toEqual([]);
    expect(windowsOf(steady((t) => (t === 2000 ? 'dns' : t === 2020 ? 'dropped' : 'ok')))).toEqual([]);
    const straddling: Row[] = [...steady(() => 'ok'), [900, 1000, 'timeout']];
    expect(windowsOf(straddling)).toMatchObject([{ failures: 1 }]);
  });

  it('opens to both ends where nothing but failures was seen', () => {
    const [only, ...rest] = windowsOf(steady(() => 'refused'));
    expect(rest).toEqual([]);
    expect(only).toMatchObject({ kind: 'full', startLo: 1000, endHi: 5000, openStart: true, openEnd: true, share: 1 });
  });

  it('bounds by the very success that the level asks for, and opens when there is one too few', () => {
    // One failure of two targets: (1/2)^6 is the first below 2.5 %.
    const since = (first: number) => steady((t) => (t === 2000 ? 'refused' : 'ok')).filter(([t]) => t >= first);
    expect(windowsOf(since(1880))).toMatchObject([{ mStar: 6, startLo: 1880, openStart: false }]);
    expect(windowsOf(since(1900))).toMatchObject([{ mStar: 6, startLo: 1000, openStart: true }]);
  });

  it('takes nothing that says nothing for a success', () => {
    const rows = steady((t) => (t === 2000 ? 'refused' : 'ok'));
    const dns = Array.from({ length: 9 }, (_, i): Row => [1990 + i, 1992 + i, 'dns']);
    expect(windowsOf([...rows, ...dns])).toEqual(windowsOf(rows));
  });

  it('joins over 200 ms at least and 2 s at most, whatever the rate', () => {
    const apart = (ms: number, ratePerSecond: number) =>
      windowsOf([[2000, 2000, 'refused'], [2000 + ms, 2000 + ms, 'refused'], ...steady(() => 'ok')], { ratePerSecond });
    expect(apart(200, 1e6)).toHaveLength(1);
    expect(apart(200.5, 1e6)).toHaveLength(2);
    expect(apart(2000, 1)).toHaveLength(1);
    expect(apart(2000.5, 1)).toHaveLength(2);
    expect(apart(1999.5, 1)).toHaveLength(1);
  });

  it('joins failures whose requests overlap in time, however late they ended', () => {
    const rows: Row[] = [
      ...steady(() => 'ok'),
      [2000, 4000, 'timeout'],
      [3990, 3998, 'refused'],
      [4190, 4191, 'refused'],
    ];
    expect(windowsOf(rows, { ratePerSecond: 500 })).toMatchObject([{ failures: 3 }]);
  });

  it('names its rows, and does not depend on their order', () => {
    const rows = steady((t) => (t === 2000 || t === 2040 || t === 4000 ? 'reset' : 'ok'));
    const windows = windowsOf(rows);
    expect(windows.map((w) => [...w.members])).toEqual([[100, 102], [200]]);
    const strip = (list: typeof windows) => list.map(({ members, ...rest }) => ({ ...rest, members: members.length }));
    expect(strip(windowsOf([...rows].reverse()))).toEqual(strip(windows));
  });

  it('contains the true outage, when everything sent in it fails', () => {
    const truth = fc.tuple(
      fc.double({ min: 1300, max: 4000, noNaN: true }),
      fc.double({ min: 45, max: 600, noNaN: true }),
    );
    fc.assert(
      fc.property(truth, ([start, length]) => {
        const end = start + length;
        const windows = windowsOf(steady((t) => (t >= start && t < end ? 'refused' : 'ok')));
        expect(windows.length).toBe(1);
        const [w] = windows;
        expect(w!.startLo).toBeLessThanOrEqual(start);
        expect(w!.startHi).toBeGreaterThanOrEqual(start);
        expect(w!.endLo).toBeLessThanOrEqual(end);
        expect(w!.endHi).toBeGreaterThanOrEqual(end);
        expect(w!.durationLoMs).toBeLessThanOrEqual(length);
        expect(w!.durationHiMs).toBeGreaterThanOrEqual(length);
      }),
    );
  });

  it('covers every failure that counts exactly once, in order, gaps longer than the join between them', () => {
    const row = fc.tuple(
      fc.integer({ min: 500, max: 5500 }),
      fc.integer({ min: 0, max: 900 }),
      fc.constantFrom(...SAMPLE_CLASSES),
    );
    const shape = fc.record({ targets: fc.integer({ min: 1, max: 6 }), ratePerSecond: fc.constantFrom(5, 50, 1000) });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 80 }), shape, (list, more) => {
        const rows = list.map(([sentAt, length, cls]): Row => [sentAt, sentAt + length, cls]);
        const columns = classColumns(rows.map((r) => r[2]));
        const counted = rows.flatMap((r, i) => (columns.failed[i] === 1 && r[0] <= 5000 && r[1] >= 1000 ? [i] : []));
        const windows = windowsOf(rows, more);
        const members = windows.flatMap((w) => [...w.members]);
        expect([...members].sort((a, b) => a - b)).toEqual(counted);
        const joinMs = Math.min(2000, Math.max(200, (7000 * more.targets) / more.ratePerSecond));
        let latest = Number.NEGATIVE_INFINITY;
        for (const w of windows) {
          const spans = [...w.members].map((i) => witnessInterval(rows[i]![2], rows[i]![0], rows[i]![1], 50));
          expect(Math.min(...spans.map((s) => s.from)) - latest).toBeGreaterThan(joinMs);
          latest = Math.max(...spans.map((s) => s.to));
          expect(
            [w.startLo, w.startHi, w.endLo, w.endHi, w.durationHiMs, w.durationEstimateMs, w.share, w.fHat].some(
              Number.isNaN,
            ),
          ).toBe(false);
          expect(w.startLo).toBeLessThanOrEqual(w.startHi);
          expect(w.durationHiMs).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });
});

describe('witnessInterval', () => {
  it('lies within the request, at its end where the fault ended it', () => {
    for (const cls of SAMPLE_CLASSES) {
      const span = witnessInterval(cls, 100, 1000, 50);
      expect(span).toEqual(endsRequest(cls) ? { from: 950, to: 1000 } : { from: 100, to: 1000 });
    }
    expect(witnessInterval('reset', 100, 120, 50)).toEqual({ from: 100, to: 120 });
    expect(witnessInterval('timeout', 100, Number.NaN, 50)).toEqual({ from: 100, to: 100 });
  });
});

describe('unobservedSweep', () => {
  it('counts only what no usual gap explains', () => {
    const sweep = unobservedSweep(0, 1590, 100);
    for (let i = 0; i < 100; i++) sweep.add(i * 10 + (i >= 50 ? 600 : 0));
    expect(sweep.end()).toBe(560);
    expect(unobservedSweep(0, 1000, 100).end()).toBe(950);
    expect(unobservedSweep(0, 1000, 0).end()).toBe(1000);
  });
});
