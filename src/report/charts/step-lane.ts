import type { Chart, Plugin } from 'chart.js';
import type { RunResult, StepSpan } from '../../domain/result.js';
import { plainLine } from '../plain-text.js';
import { failureSeconds } from './chart-data.js';
import { FONT_PX, PALETTE } from './palette.js';

/** Height of the strip of steps above the plot, and of the failure marks inside it, in CSS pixels. */
export const LANE_PX = 32;
const MARK_PX = 6;
const TICK_PX = 14;

/**
 * Draws what the deploy did behind and above a plot: ochre while a target is out of the balancer, a strip of
 * steps on top, a red mark for every bucket with a failure at the bottom. An inline plugin, because a plugin
 * package would be loaded beside the rasteriser's own copy of chart.js.
 */
export function stepLane(result: RunResult): Plugin {
  const { steps } = result.timeline;
  const outs = outSpans(result);
  const failures = failureSeconds(result);
  return {
    id: 'stepLane',
    beforeDatasetsDraw(chart) {
      for (const span of outs) fillSpan(chart, span, PALETTE.out, chart.chartArea.top, chart.chartArea.bottom);
    },
    afterDatasetsDraw(chart) {
      drawSteps(chart, steps);
      drawFailures(chart, failures);
    },
  };
}

interface Seconds {
  readonly from: number;
  readonly to: number;
}

/** Detach step to attach step of each target; to the end of the run where it never came back. */
export function outSpans({ timeline, run }: RunResult): Seconds[] {
  return timeline.steps
    .filter((step) => step.kind === 'detach')
    .map((detach) => {
      const back = timeline.steps.find(
        (s) => s.kind === 'attach' && s.target === detach.target && s.from >= detach.from,
      );
      return { from: detach.from / 1000, to: (back?.to ?? run.durationMs) / 1000 };
    });
}

/** Left and right pixel of a span, clipped to the plot. */
function pixels(chart: Chart, span: Seconds): { left: number; width: number } {
  const { left, right } = chart.chartArea;
  const x = chart.scales.x!;
  const from = Math.min(Math.max(x.getPixelForValue(span.from), left), right);
  const to = Math.min(Math.max(x.getPixelForValue(span.to), left), right);
  return { left: from, width: Math.max(to - from, 1) };
}

function fillSpan(chart: Chart, span: Seconds, color: string, top: number, bottom: number): void {
  const { left, width } = pixels(chart, span);
  chart.ctx.save();
  chart.ctx.fillStyle = color;
  chart.ctx.fillRect(left, top, width, bottom - top);
  chart.ctx.restore();
}

function drawSteps(chart: Chart, steps: readonly StepSpan[]): void {
  const { ctx, chartArea } = chart;
  const top = chartArea.top - LANE_PX - 4;
  for (const step of steps) {
    const span = { from: step.from / 1000, to: step.to / 1000 };
    fillSpan(chart, span, step.state === 'failed' ? PALETTE.failed : PALETTE.steps[step.kind], top, top + LANE_PX);
  }
  ctx.save();
  ctx.font = `${FONT_PX.text - 2}px Inter`;
  ctx.textBaseline = 'middle';
  for (const step of steps) {
    const { left, width } = pixels(chart, { from: step.from / 1000, to: step.to / 1000 });
    const text = [plainLine(step.label, 40), step.kind].find((label) => ctx.measureText(label).width + 10 < width);
    if (text === undefined) continue;
    ctx.fillStyle = step.state === 'failed' ? PALETTE.paper : PALETTE.ink;
    ctx.fillText(text, left + 5, top + LANE_PX / 2 + 0.5);
  }
  ctx.restore();
}

function drawFailures(chart: Chart, failures: readonly number[]): void {
  const { ctx, chartArea, scales } = chart;
  ctx.save();
  ctx.fillStyle = PALETTE.failed;
  for (const at of failures) {
    const x = scales.x!.getPixelForValue(at);
    ctx.fillRect(x - 1, chartArea.bottom - TICK_PX, 2, TICK_PX);
    ctx.fillRect(x - 1, chartArea.top - 4, 2, MARK_PX - 2);
  }
  ctx.restore();
}
