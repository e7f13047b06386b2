import type { ChartConfiguration, ChartDataset, Plugin } from 'chart.js';
import type { RunResult } from '../../domain/result.js';
import { clock } from '../figures.js';
import { plainLine } from '../plain-text.js';
import { extent, type Point } from './chart-data.js';
import { FONT_PX, PALETTE } from './palette.js';
import { LANE_PX, stepLane } from './step-lane.js';

/** Family name the bundled font is registered under. */
export const FONT_FAMILY = 'Inter';

/** Dash patterns; the legend names them, so that a line is found without its colour. */
const DASHES = { solid: [], dashed: [9, 5], dotted: [3, 4], 'dash-dot': [12, 5, 3, 5] } as const;
export type Dash = keyof typeof DASHES;

/** One line of a plot. */
export interface Line {
  readonly label: string;
  readonly points: readonly Point[];
  readonly color: string;
  readonly dash?: Dash;
  /** Fill down to zero with this colour. */
  readonly fill?: string;
}

export interface Plot {
  readonly title: string;
  readonly yTitle: string;
  readonly lines: readonly Line[];
  /** Smallest top of the y axis, so that a flat zero line does not look like noise. */
  readonly yMin: number;
  readonly logarithmic?: boolean;
}

/** The configuration all pictures share: time axis in m:ss, lanes of steps, legend, our font, no animation. */
export function framed(result: RunResult, plot: Plot): ChartConfiguration<'line', Point[]> {
  const { min, max } = extent(result);
  const font = { family: FONT_FAMILY, size: FONT_PX.text };
  const grid = { color: PALETTE.grid };
  const { kind } = result.verdict;
  const stepSize = tickSeconds(max - min);
  const heading = `${plainLine(result.run.scenario.name, 60)} · ${kind} · ${plot.title}`;
  return {
    type: 'line',
    data: { datasets: plot.lines.map(dataset) },
    options: {
      animation: false,
      responsive: false,
      devicePixelRatio: 2,
      parsing: false,
      font,
      layout: { padding: { top: 4, right: 16, bottom: 4, left: 8 } },
      scales: {
        x: {
          type: 'linear',
          min,
          max,
          grid,
          ticks: {
            font,
            color: PALETTE.muted,
            stepSize,
            maxRotation: 0,
            autoSkip: false,
            callback: (value) => axisTime(Number(value), stepSize),
          },
        },
        y: {
          type: plot.logarithmic === true ? 'logarithmic' : 'linear',
          ...(plot.logarithmic === true ? {} : { beginAtZero: true, suggestedMax: plot.yMin, grace: '6%' }),
          grid,
          ticks: {
            font,
            color: PALETTE.muted,
            maxTicksLimit: 6,
            callback: (value) => Number(value).toLocaleString('en-US'),
          },
          title: { display: true, text: plot.yTitle, font, color: PALETTE.muted },
        },
      },
      plugins: {
        title: {
          display: true,
          text: heading,
          align: 'start',
          color: PALETTE.verdict[kind],
          font: { family: FONT_FAMILY, size: FONT_PX.title, weight: 'bold' },
          padding: { top: 2, bottom: LANE_PX + 16 },
        },
        legend: {
          position: 'bottom',
          labels: { font, color: PALETTE.ink, usePointStyle: true, pointStyle: 'line', pointStyleWidth: 52 },
        },
      },
    },
    plugins: [paper, stepLane(result)],
  };
}

/** White ground: a transparent picture is unreadable in a dark ticket system. */
const paper: Plugin = {
  id: 'paper',
  beforeDraw({ ctx, width, height }) {
    ctx.save();
    ctx.fillStyle = PALETTE.paper;
    ctx.fillRect(0, 0, width, height);
    ctx.restore();
  },
};

function dataset(line: Line): ChartDataset<'line', Point[]> {
  const dash = line.dash ?? 'solid';
  return {
    label: dash === 'solid' ? plainLine(line.label, 40) : `${plainLine(line.label, 40)} (${dash})`,
    data: [...line.points],
    borderColor: line.color,
    backgroundColor: line.fill ?? line.color,
    borderWidth: 2.5,
    borderDash: [...DASHES[dash]],
    pointRadius: 0,
    fill: line.fill === undefined ? false : 'origin',
    spanGaps: false,
  };
}

const TICKS_MAX = 10;
const TICKS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200];

/** A step of the time axis a person counts in, for few enough ticks that their words do not touch. */
export function tickSeconds(lengthSeconds: number): number {
  return TICKS.find((step) => lengthSeconds / step <= TICKS_MAX) ?? Math.ceil(lengthSeconds / TICKS_MAX / 3600) * 3600;
}

function axisTime(seconds: number, stepSize: number): string {
  // The axis also gets a tick at its very end, which would run into the last regular one.
  const steps = seconds / stepSize;
  return Math.abs(steps - Math.round(steps)) > 1e-6 ? '' : clock(seconds * 1000, stepSize < 1 ? 1 : 0);
}
