import type { ChartConfiguration } from 'chart.js';
import type { RunResult } from '../../domain/result.js';
import { groupingOf, type Point, perSecond } from './chart-data.js';
import { type Dash, framed } from './frame.js';
import { PALETTE } from './palette.js';

const DASHES: readonly Dash[] = ['solid', 'dashed', 'dotted', 'dash-dot'];

/** Who answered: shows when a target truly left and truly came back, against the API calls above. */
export function serversChart(result: RunResult): ChartConfiguration<'line', Point[]> {
  const { series } = result;
  const grouping = groupingOf(series, 500);
  const lines = series.answeredBy.map(({ target, count }, index) => ({
    label: `${target} /s`,
    points: perSecond(series, count, grouping),
    color: PALETTE.targets[index % PALETTE.targets.length]!,
    dash: DASHES[index % DASHES.length]!,
  }));
  return framed(result, { title: 'who answered', yTitle: 'answers / s', lines, yMin: 1 });
}
