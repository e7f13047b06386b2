import { describe, expect, test } from 'vitest';
import { extent, failureSeconds, groupingOf, peaks, perSecond } from '../../../src/report/charts/chart-data.js';
import { tickSeconds } from '../../../src/report/charts/frame.js';
import { outSpans } from '../../../src/report/charts/step-lane.js';
import { failResult, passResult } from '../fixture-results.js';

const series = { ...failResult().series, from: 1000, bucketMs: 100 };

describe('chart data', () => {
  test('counts become rates, and the group the traffic ends in is left out', () => {
    const points = perSecond(series, [10, 10, 20, 0, 5], { size: 2, groupMs: 200 });
    expect(points).toEqual([
      { x: 1.1, y: 100 },
      { x: 1.3, y: 100 },
    ]);
    expect(perSecond(series, [10], { size: 2, groupMs: 200 })).toEqual([{ x: 1.05, y: 100 }]);
  });

  test('a peak is never averaged away, an empty group is a gap', () => {
    expect(peaks(series, [1, null, 9, 2, null, null], { size: 2, groupMs: 200 }).map((p) => p.y)).toEqual([1, 9, null]);
  });

  test('a long run is drawn with a bounded number of points', () => {
    const long = { ...series, ok: new Array(36_000).fill(1) };
    const grouping = groupingOf(long, 500);
    expect(long.ok.length / grouping.size).toBeLessThanOrEqual(600);
    expect(grouping.groupMs).toBe(grouping.size * 100);
    expect(groupingOf({ ...series, ok: [1] }, 500).size).toBe(5);
  });

  test('every failing bucket keeps its mark however long the run', () => {
    const result = failResult();
    const failed = new Array(36_000).fill(0);
    failed[17] = 1;
    failed[35_999] = 3;
    expect(failureSeconds({ ...result, series: { ...series, failed } })).toEqual([2.7, 3600.9]);
    expect(failureSeconds(passResult())).toEqual([]);
  });

  test('a target that never came back stays out to the end', () => {
    const result = passResult();
    const steps = result.timeline.steps.filter((step) => step.kind !== 'attach');
    const ends = outSpans({ ...result, timeline: { ...result.timeline, steps } }).map((s) => s.to);
    expect(ends).toEqual([result.run.durationMs / 1000, result.run.durationMs / 1000]);
    const whole = outSpans(result);
    expect(whole[0]!.to).toBeLessThan(whole[1]!.from);
  });

  test('the axis covers run and series, with at most a dozen ticks', () => {
    expect(extent(passResult()).max).toBeGreaterThanOrEqual(passResult().run.durationMs / 1000);
    for (const length of [0.5, 7, 60, 299, 4000, 50_000, 1e6])
      expect(length / tickSeconds(length)).toBeLessThanOrEqual(12);
  });
});
