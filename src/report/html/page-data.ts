import type { RunResult } from '../../domain/result.js';
import { bandsOf } from './bands.js';
import { answeredChart, latencyChart, throughputChart } from './line-charts.js';
import { summaryMarkdown } from './summary-markdown.js';
import { FRAME } from './svg/frame.js';
import { failureInstants } from './svg/lanes.js';
import type { LineChart } from './svg/lines.js';

const rounded = (v: number | null): number | null => (v === null ? null : Math.round(v * 100) / 100);

type Run = number | null | readonly [number | null, number];

/** Equal neighbours, from four on, as `[value, how many]`: a quiet run is mostly the same few numbers. */
export function runLengths(values: readonly (number | null)[]): readonly Run[] {
  const runs: Run[] = [];
  for (let i = 0; i < values.length; ) {
    let end = i + 1;
    while (end < values.length && values[end] === values[i]) end++;
    const value = values[i] ?? null;
    if (end - i >= 4) runs.push([value, end - i]);
    else for (let j = i; j < end; j++) runs.push(value);
    i = end;
  }
  return runs;
}

const chartData = (chart: LineChart) => ({
  id: chart.id,
  unit: chart.unit,
  lines: chart.lines.map((l) => ({
    label: l.label,
    look: l.look.name,
    dash: l.look.dash,
    area: l.area === true,
    reduce: l.reduce,
    values: runLengths(l.values.map(rounded)),
  })),
});

/** Everything the page's script knows, as JSON. Instants in ms; failures as differences, sorted, to stay small. */
export function pageData(result: RunResult) {
  const instants = failureInstants(result)
    .map((t) => Math.round(t))
    .sort((a, b) => a - b);
  return {
    durationMs: result.run.durationMs,
    startedAtMs: Number.isNaN(Date.parse(result.run.startedAtWall)) ? null : Date.parse(result.run.startedAtWall),
    frame: { left: FRAME.left, right: FRAME.right },
    from: result.series.from,
    bucketMs: result.series.bucketMs,
    charts: [throughputChart(result), latencyChart(result), answeredChart(result)].map(chartData),
    bands: bandsOf(result).map((b) => ({ kind: b.kind, from: b.from, to: b.to })),
    steps: result.timeline.steps.map((s) => ({ from: s.from, to: s.to, label: s.label })),
    failures: instants.map((t, i) => t - (instants[i - 1] ?? 0)),
    markdown: summaryMarkdown(result),
  };
}
export type PageData = ReturnType<typeof pageData>;
