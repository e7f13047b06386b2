import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clock, count, duration, durationBound, percent, probability, wallTime } from '../../../src/report/figures.js';

const plain = (text: string): string => text.replaceAll('\u00a0', ' ');

describe('figures', () => {
  it('groups thousands', () => {
    expect([0, 999, 1000, 58_000, 1_234_567.5, -1200].map(count)).toEqual([
      '0',
      '999',
      '1,000',
      '58,000',
      '1,234,567.5',
      '−1,200',
    ]);
  });
  it('gives a duration the unit it needs', () => {
    const cases: [number | null, string][] = [
      [null, '–'],
      [0, '0 ms'],
      [0.25, '0.3 ms'],
      [9.96, '10 ms'],
      [999.6, '1 s'],
      [1490, '1.49 s'],
      [21_680, '21.7 s'],
      [59_960, '1 m 0 s'],
      [217_000, '3 m 37 s'],
      [3_725_000, '1 h 2 m 5 s'],
      [-1490, '−1.49 s'],
      [Number.NaN, '–'],
    ];
    for (const [ms, text] of cases) expect(plain(duration(ms))).toBe(text);
  });
  it('never prints a bound shorter than it is', () => {
    const unit: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
    const read = (text: string): number =>
      [...plain(text).matchAll(/([\d.]+) (ms|s|m|h)/g)].reduce(
        (sum, m) => sum + Number(m[1]) * (unit[m[2] ?? ''] ?? 0),
        0,
      );
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e7, noNaN: true }), (ms) => {
        expect(read(durationBound(ms))).toBeGreaterThanOrEqual(ms - 1e-6);
        expect(read(durationBound(ms))).toBeLessThanOrEqual(ms * 1.11 + 1000 * (ms > 59_900 ? 1 : 0) + 0.11);
      }),
    );
    expect(plain(durationBound(14.1))).toBe('15 ms');
  });
  it('writes instants as m:ss and carries roundings over', () => {
    expect(clock(9155, 3)).toBe('0:09.155');
    expect(clock(59_999)).toBe('1:00.0');
    expect(clock(3_600_000, 0)).toBe('1:00:00');
    expect(clock(null)).toBe('–');
  });
  it('rounds bounds only to the careful side', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (ratio) => {
        const value = (round: 'up' | 'down'): number => Number.parseFloat(percent(ratio, round)) / 100;
        expect(value('down')).toBeLessThanOrEqual(ratio + 1e-11);
        expect(value('up')).toBeGreaterThanOrEqual(ratio - 1e-11);
      }),
    );
    expect(plain(percent(1 - 117 / 58_000_000, 'down'))).not.toBe('100 %');
    expect(plain(percent(0.00035542, 'up'))).toBe('0.036 %');
    expect(plain(percent(0.999))).toBe('99.9 %');
    expect(plain(percent(0.95))).toBe('95 %');
  });
  it('writes small probabilities as bounds', () => {
    expect(probability(0.0312)).toBe('0.031');
    expect(probability(1.2e-9)).toBe('≤ 10⁻⁸');
    expect(probability(null)).toBe('–');
  });
  it('turns instants into UTC, and a broken start into nothing', () => {
    expect(wallTime('2025-03-01T10:15:00.000Z', 61_000)).toBe('2025-03-01 10:16:01 UTC');
    expect(wallTime('no date')).toBe('');
  });
});
