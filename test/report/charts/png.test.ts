import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import { renderCharts } from '../../../src/report/charts/png.js';
import { timelineChart } from '../../../src/report/charts/timeline-chart.js';
import { failResult, hostileResult, passResult } from '../fixture-results.js';

const size = (png: Uint8Array): [number, number] => {
  const view = Buffer.from(png);
  expect(view.subarray(1, 4).toString()).toBe('PNG');
  return [view.readUInt32BE(16), view.readUInt32BE(20)];
};
interface Canvas {
  getContext(kind: '2d'): {
    drawImage(image: object, x: number, y: number): void;
    getImageData(x: number, y: number, w: number, h: number): { data: Uint8ClampedArray };
  };
}
const native = createRequire(import.meta.url)('canvas') as {
  createCanvas(w: number, h: number): Canvas;
  loadImage(data: Buffer): Promise<object>;
};

/** Share of pixels in a box that satisfy a test on (r, g, b). */
async function share(
  png: Uint8Array,
  box: readonly [number, number, number, number],
  test: (r: number, g: number, b: number) => boolean,
) {
  const context = native.createCanvas(2400, 960).getContext('2d');
  context.drawImage(await native.loadImage(Buffer.from(png)), 0, 0);
  const { data } = context.getImageData(...box);
  let hits = 0;
  for (let i = 0; i < data.length; i += 4) if (test(data[i]!, data[i + 1]!, data[i + 2]!)) hits++;
  return hits / (data.length / 4);
}
const isRed = (r: number, g: number, b: number) => r > 180 && g < 60 && b < 80;
const isDark = (r: number, g: number, b: number) => r + g + b < 360;

describe('chart pictures', () => {
  test('three PNGs of 2400×960, byte-identical from run to run', async () => {
    const first = await renderCharts(failResult());
    const second = await renderCharts(failResult());
    expect(first.reason).toBeNull();
    expect(first.charts.map((c) => c.name)).toEqual(['timeline.png', 'latency.png', 'servers.png']);
    for (const [i, chart] of first.charts.entries()) {
      expect(size(chart.png)).toEqual([2400, 960]);
      expect(Buffer.compare(chart.png, second.charts[i]!.png)).toBe(0);
    }
  });

  test('text is drawn, and red marks appear exactly when something failed', async () => {
    const bottom = [150, 756, 2200, 20] as const;
    const [failed] = (await renderCharts(failResult())).charts;
    const [passed] = (await renderCharts(passResult())).charts;
    // The axis labels at the bottom: without the bundled font this strip would be white.
    expect(await share(passed!.png, [100, 806, 2200, 60], isDark)).toBeGreaterThan(0.002);
    const marks = await share(failed!.png, bottom, isRed);
    const none = await share(passed!.png, [...bottom], isRed);
    expect(marks).toBeGreaterThan(none);
    expect(await share(failed!.png, [150, 150, 2200, 18], isRed)).toBeGreaterThan(0.0005);
    expect(await share(passed!.png, [150, 150, 2200, 18], isRed)).toBe(0);
  });

  test('words are at least 10 px high when the picture is shown 600 px wide', () => {
    const { options } = timelineChart(failResult());
    const fonts = [
      options?.scales?.x?.ticks?.font,
      options?.plugins?.legend?.labels?.font,
      options?.plugins?.title?.font,
    ];
    for (const font of fonts) expect((font as { size: number }).size).toBeGreaterThanOrEqual(20);
  });

  test('hostile names and an empty run render', async () => {
    expect((await renderCharts(hostileResult())).reason).toBeNull();
    const pass = passResult();
    const empty = {
      ...pass,
      series: {
        ...pass.series,
        offered: [],
        ok: [],
        failed: [],
        unknown: [],
        p50: [],
        p95: [],
        p99: [],
        max: [],
        answeredBy: [],
      },
      timeline: { ...pass.timeline, steps: [] },
      run: { ...pass.run, durationMs: 0 },
    };
    expect(await renderCharts(empty)).toMatchObject({ reason: null, charts: { length: 3 } });
  });

  test('a machine without the native canvas gets no pictures and a reason', async () => {
    const broken = () => Promise.reject(new Error('cannot find canvas.node'));
    expect(await renderCharts(passResult(), broken)).toEqual({
      charts: [],
      reason: 'no chart pictures: cannot find canvas.node',
    });
  });
});
