import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  evenVus,
  executionSegment,
  MAX_SEGMENTS,
  ownNumber,
  parseSegment,
  planNumber,
  segmentCap,
  segmentSource,
  segmentsOf,
  segmentText,
} from '../../src/traffic/segments.js';

const counts = fc.integer({ min: 1, max: MAX_SEGMENTS });

describe('segments of a plan', () => {
  it('are disjoint and together the plan: every number has one owner, each owns every n-th', () => {
    fc.assert(
      fc.property(counts, fc.nat(300), (count, length) => {
        const owned = segmentsOf(count).flatMap((segment) => {
          const own = Math.ceil((length - (segment.index - 1)) / count);
          return Array.from({ length: Math.max(0, own) }, (_, j) => planNumber(segment, j));
        });
        expect(owned.sort((a, b) => a - b)).toEqual(Array.from({ length }, (_, k) => k));
      }),
    );
  });

  it('translate numbers both ways, and own no other’s', () => {
    fc.assert(
      fc.property(counts, fc.nat(2 ** 32 - 1), (count, k) => {
        const owners = segmentsOf(count).filter((segment) => ownNumber(segment, k) !== null);
        expect(owners).toHaveLength(1);
        expect(planNumber(owners[0]!, ownNumber(owners[0]!, k)!)).toBe(k);
      }),
    );
  });

  it('read and write i/n, and refuse what is none', () => {
    for (const segment of [...segmentsOf(1), ...segmentsOf(3), ...segmentsOf(MAX_SEGMENTS)])
      expect(parseSegment(segmentText(segment))).toEqual(segment);
    for (const text of ['', '0/3', '4/3', '1/0', '1', '1/65', ' 1/3', '1/3 ', '-1/3', '1.5/3', '1/3/3', '01/3'])
      expect(parseSegment(text), text).toBeNull();
    for (const count of [0, -1, 1.5, MAX_SEGMENTS + 1, Number.NaN]) expect(() => segmentsOf(count)).toThrow(RangeError);
  });

  it('divide what may be in flight without taking a place away', () => {
    fc.assert(
      fc.property(counts, fc.integer({ min: 1, max: 65_000 }), (count, cap) => {
        const total = segmentsOf(count).reduce((sum, segment) => sum + segmentCap(segment, cap), 0);
        expect(total).toBeGreaterThanOrEqual(cap);
        expect(total).toBeLessThan(cap + count);
      }),
    );
  });

  it('name their streams', () => {
    expect(segmentsOf(2).map((segment) => segmentSource('embedded', segment))).toEqual(['embedded-1', 'embedded-2']);
    expect(segmentSource('k6', { index: 1, count: 1 })).toBe('k6');
  });

  it('speak k6: bordering fractions, the whole sequence, VUs that divide', () => {
    expect(segmentsOf(3).map(executionSegment)).toEqual([
      { segment: '0:1/3', sequence: '0,1/3,2/3,1' },
      { segment: '1/3:2/3', sequence: '0,1/3,2/3,1' },
      { segment: '2/3:1', sequence: '0,1/3,2/3,1' },
    ]);
    expect(segmentsOf(1).map(executionSegment)).toEqual([{ segment: '0:1', sequence: '0,1' }]);
    expect([evenVus(5, 3), evenVus(6, 3), evenVus(1, 4), evenVus(7, 1)]).toEqual([6, 6, 4, 7]);
  });
});
