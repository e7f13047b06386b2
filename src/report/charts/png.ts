import { createRequire } from 'node:module';
import type { ChartConfiguration } from 'chart.js';
import type { ChartJSNodeCanvas } from 'chartjs-node-canvas';
import type { Comparison } from '../../domain/comparison.js';
import type { RunResult } from '../../domain/result.js';
import type { ChartImage } from '../html/assets.js';
import { FONT_FAMILY } from './frame.js';
import { latencyChart } from './latency-chart.js';
import { serversChart } from './servers-chart.js';
import { sweepChart } from './sweep-chart.js';
import { timelineChart } from './timeline-chart.js';

/** The pictures, or none and why: a machine without the native canvas still gets every other report. */
export interface RenderedCharts {
  readonly charts: readonly ChartImage[];
  readonly reason: string | null;
}

/** CSS pixels; the PNG has twice as many each way. */
const SIZE = { width: 1200, height: 480 } as const;

const CHARTS = [
  { name: 'timeline.png', title: 'Requests per second over the deploy steps', config: timelineChart },
  { name: 'latency.png', title: 'Latency percentiles over the deploy steps', config: latencyChart },
  { name: 'servers.png', title: 'Answers per second by target', config: serversChart },
] as const;

/** Loads the rasteriser; replaced in tests to stand for a machine without it. */
export type CanvasLoader = () => Promise<ChartJSNodeCanvas>;

/** Renders all pictures; the same result gives the same bytes on the same machine. Never throws. */
export async function renderCharts(result: RunResult, load: CanvasLoader = sharedCanvas): Promise<RenderedCharts> {
  try {
    const canvas = await load();
    const charts: ChartImage[] = [];
    for (const { name, title, config } of CHARTS) {
      const png = await canvas.renderToBuffer(config(result) as unknown as ChartConfiguration);
      charts.push({ name, title, png: new Uint8Array(png) });
    }
    return { charts, reason: null };
  } catch (error) {
    return { charts: [], reason: `no chart pictures: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/** The picture of a comparison, in the shared size; throws where there is no rasteriser. */
export async function renderSweepChart(comparison: Comparison, load: CanvasLoader = sharedCanvas): Promise<Uint8Array> {
  const config = sweepChart(comparison) as unknown as ChartConfiguration;
  return new Uint8Array(await (await load()).renderToBuffer(config));
}

/** Why this machine can draw no pictures, or null when it can. Never throws. */
export async function canvasProblem(load: CanvasLoader = sharedCanvas): Promise<string | null> {
  const bar = {
    type: 'bar',
    data: { labels: ['a'], datasets: [{ data: [1] }] },
    options: { animation: false },
  } as const;
  try {
    const png = await (await load()).renderToBuffer(bar as unknown as ChartConfiguration);
    return png.length > 0 ? null : 'an empty picture was drawn';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** One rasteriser per size for the life of the process: each new one leaks its copy of chart.js. */
let shared: Promise<ChartJSNodeCanvas> | null = null;

function sharedCanvas(): Promise<ChartJSNodeCanvas> {
  shared ??= openCanvas();
  return shared;
}

async function openCanvas(): Promise<ChartJSNodeCanvas> {
  const { ChartJSNodeCanvas } = await import('chartjs-node-canvas');
  const canvas = new ChartJSNodeCanvas({
    ...SIZE,
    chartCallback(chartJs) {
      chartJs.defaults.font.family = FONT_FAMILY;
    },
  });
  // Slim images have no fonts at all, and then every label silently vanishes.
  const require = createRequire(import.meta.url);
  for (const weight of [400, 700]) {
    const file = require.resolve(`@fontsource/inter/files/inter-latin-${weight}-normal.woff2`);
    canvas.registerFont(file, { family: FONT_FAMILY, weight: String(weight) });
  }
  return canvas;
}
