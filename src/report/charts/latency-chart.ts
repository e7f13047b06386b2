import type { ChartConfiguration } from 'chart.js';
import type { RunResult } from '../../domain/result.js';
import { groupingOf, type Point, peaks } from './chart-data.js';
import { framed, type Line } from './frame.js';
import { PALETTE } from './palette.js';

/** A spread beyond this makes a linear axis unreadable: one slow bucket would flatten everything else. */
const LINEAR_SPREAD_MAX = 30;

/** Latency percentiles per bucket from the scheduled time; logarithmic when the spread asks for it. */
export function latencyChart(result: RunResult): ChartConfiguration<'line', Point[]> {
  const { series } = result;
  const grouping = groupingOf(series, 250);
  const lines: Line[] = [
    { label: 'p99 ms', points: peaks(series, series.p99, grouping), color: PALETTE.p99 },
    { label: 'p95 ms', points: peaks(series, series.p95, grouping), color: PALETTE.p95, dash: 'dashed' },
    { label: 'p50 ms', points: peaks(series, series.p50, grouping), color: PALETTE.p50, dash: 'dotted' },
  ];
  const highest = Math.max(0, ...present(series.p99));
  const lowest = Math.min(highest, ...present(series.p50));
  const logarithmic = lowest > 0 && highest / lowest > LINEAR_SPREAD_MAX;
  const joined = grouping.size > 1 ? `, highest in each ${grouping.groupMs / 1000} s` : '';
  return framed(result, {
    title: `latency from the scheduled time${joined}`,
    yTitle: 'ms',
    lines,
    yMin: 1,
    logarithmic,
  });
}

function present(values: readonly (number | null)[]): number[] {
  return values.filter((value) => value !== null).slice(0, 100_000);
}
