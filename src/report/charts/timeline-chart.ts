import type { ChartConfiguration } from 'chart.js';
import type { RunResult } from '../../domain/result.js';
import { groupingOf, type Point, perSecond } from './chart-data.js';
import { framed, type Line } from './frame.js';
import { PALETTE } from './palette.js';

/** Answered and failed requests per second over the deploy's steps; every failing bucket also has its own mark. */
export function timelineChart(result: RunResult): ChartConfiguration<'line', Point[]> {
  const { series } = result;
  const grouping = groupingOf(series, 500);
  const lines: Line[] = [
    { label: 'answered /s', points: perSecond(series, series.ok, grouping), color: PALETTE.ok },
    {
      label: 'failed /s',
      points: perSecond(series, series.failed, grouping),
      color: PALETTE.failed,
      fill: 'rgba(207, 31, 46, 0.25)',
    },
  ];
  if (series.unknown.some((n) => n > 0)) {
    lines.push({
      label: 'unknown /s',
      points: perSecond(series, series.unknown, grouping),
      color: PALETTE.muted,
      dash: 'dashed',
    });
  }
  return framed(result, { title: 'requests per second', yTitle: 'requests / s', lines, yMin: 1 });
}
