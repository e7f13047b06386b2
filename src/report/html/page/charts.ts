// biome-ignore-all lint/correctness/noUnusedVariables: the page's scripts share one scope.
// The line charts: uPlot in place of the still pictures, on the same time axis as the lanes.

const chartHeight = 190;
let liveCharts: uPlot[] = [];
let shownCharts: PageChart[] = [];
let followingCross = false;

const cssColour = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim() || '#57606a';

const bucketCount = page.charts[0]?.lines[0]?.values.length ?? 0;
/** Buckets joined to one point, so that a line stays a line; zooming in goes down to single buckets. */
let joinedBuckets = 1;

function joinFor(): number {
  const shown = (view.to - view.from) / page.bucketMs;
  return [1, 2, 5, 10, 20, 50, 100, 200, 500].find((n) => shown / n <= 220) ?? 1000;
}

function joined(line: PageLine): (number | null)[] {
  const points: (number | null)[] = [];
  for (let i = 0; i < line.values.length; i += joinedBuckets) {
    const some = line.values.slice(i, i + joinedBuckets).filter((v) => v !== null);
    if (some.length === 0) points.push(null);
    else points.push(line.reduce === 'max' ? Math.max(...some) : some.reduce((a, b) => a + b, 0) / some.length);
  }
  return points;
}

function chartData(chart: PageChart): uPlot.AlignedData {
  const points = Math.ceil(bucketCount / joinedBuckets);
  const times = Array.from({ length: points }, (_, i) => {
    const first = i * joinedBuckets;
    const last = Math.min(first + joinedBuckets, bucketCount);
    return (page.from + ((first + last) / 2) * page.bucketMs) / 1000;
  });
  return [times, ...chart.lines.map(joined)];
}

/** Shading behind the lines; the same bands as in the still pictures. */
function drawBands(u: uPlot): void {
  const { ctx, bbox } = u;
  ctx.save();
  for (const band of page.bands) {
    if (band.to < view.from || band.from > view.to) continue;
    const left = u.valToPos(Math.max(band.from, view.from) / 1000, 'x', true);
    const right = u.valToPos(Math.min(band.to, view.to) / 1000, 'x', true);
    ctx.fillStyle = cssColour(`--band-${band.kind}`);
    ctx.fillRect(left, bbox.top, Math.max(right - left, band.kind === 'outage' ? 2 : 0), bbox.height);
  }
  ctx.restore();
}

function drawUnit(u: uPlot, unit: string): void {
  const { ctx } = u;
  ctx.save();
  ctx.fillStyle = cssColour('--muted');
  ctx.font = `${11.5 * uPlot.pxRatio}px system-ui, sans-serif`;
  ctx.textBaseline = 'top';
  ctx.textAlign = 'left';
  ctx.fillText(unit, 12 * uPlot.pxRatio, u.bbox.top);
  const pointMs = joinedBuckets * page.bucketMs;
  ctx.fillText(
    `every ${pointMs < 1000 ? `${pointMs} ms` : `${pointMs / 1000} s`}`,
    12 * uPlot.pxRatio,
    u.bbox.top + 15 * uPlot.pxRatio,
  );
  ctx.restore();
}

function seriesOf(line: PageLine): uPlot.Series {
  const colour = cssColour(`--line-${line.look}`);
  return {
    label: line.label,
    stroke: colour,
    width: 1.5,
    points: { show: false },
    ...(line.dash === '' ? {} : { dash: line.dash.split(' ').map((n) => Number(n) * uPlot.pxRatio) }),
    ...(line.area ? { fill: cssColour('--area-failed') } : {}),
  };
}

function axes(): uPlot.Axis[] {
  const line = { stroke: cssColour('--grid'), width: 1 };
  const font = '11px system-ui, sans-serif';
  const stroke = cssColour('--muted');
  return [
    {
      stroke,
      font,
      grid: line,
      ticks: { show: false },
      size: 24,
      splits: (u) => viewTicks(u.bbox.width / uPlot.pxRatio).at.map((t) => t / 1000),
      values: (u, splits) => splits.map((s) => clockText(s * 1000, viewTicks(u.bbox.width / uPlot.pxRatio).digits)),
    },
    { stroke, font, grid: line, ticks: { show: false }, size: plotLeft, gap: 8, space: 34 },
  ];
}

function onCursor(u: uPlot): void {
  if (followingCross) return;
  const { left } = u.cursor;
  setCross(left === undefined || left < 0 ? null : u.posToVal(left, 'x') * 1000, u);
}

function onSelect(u: uPlot): void {
  const { left, width } = u.select;
  if (width < 4) return;
  const from = u.posToVal(left, 'x') * 1000;
  const to = u.posToVal(left + width, 'x') * 1000;
  u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  setView(from, to);
}

function buildChart(chart: PageChart, host: HTMLElement): uPlot {
  const options: uPlot.Options = {
    width: widthOf(host),
    height: chartHeight,
    padding: [10, page.frame.right, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      points: { show: false },
      drag: { x: true, y: false, setScale: false },
      bind: { dblclick: () => () => null },
    },
    scales: {
      x: { time: false, auto: false, range: () => [view.from / 1000, view.to / 1000] },
      y: { range: (_u, _min, max) => [0, Math.max(max * 1.08, 1)] },
    },
    axes: axes(),
    series: [{}, ...chart.lines.map(seriesOf)],
    hooks: {
      drawClear: [drawBands],
      draw: [(u) => drawUnit(u, chart.unit)],
      setCursor: [onCursor],
      setSelect: [onSelect],
    },
  };
  const u = new uPlot(options, chartData(chart), host);
  u.over.addEventListener('dblclick', resetView);
  u.over.addEventListener('pointerleave', () => setCross(null, u));
  return u;
}

/** (Re)builds every chart; colours are read anew, so a change of theme is one call. */
function buildCharts(): void {
  for (const u of liveCharts) u.destroy();
  joinedBuckets = joinFor();
  liveCharts = [];
  shownCharts = [];
  for (const chart of page.charts) {
    const host = document.getElementById(chart.id);
    if (host === null || chart.lines.length === 0) continue;
    host.hidden = false;
    shownCharts.push(chart);
    liveCharts.push(buildChart(chart, host));
  }
}

function showView(): void {
  if (joinFor() !== joinedBuckets) {
    joinedBuckets = joinFor();
    liveCharts.forEach((u, i) => {
      const chart = shownCharts[i];
      if (chart !== undefined) u.setData(chartData(chart), false);
    });
  }
  for (const u of liveCharts) u.setScale('x', { min: view.from / 1000, max: view.to / 1000 });
}

function followCross(at: number | null, by: object | null): void {
  followingCross = true;
  for (const u of liveCharts) {
    if (u === by) continue;
    const left = at === null ? -10 : u.valToPos(at / 1000, 'x');
    u.setCursor({ left, top: at === null ? -10 : 10 }, false);
  }
  followingCross = false;
}

/** Replaces the still pictures by live charts. */
function startCharts(): void {
  document.documentElement.classList.add('live-charts');
  buildCharts();
  viewWatchers.push(showView);
  crossWatchers.push(followCross);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', buildCharts);
  new ResizeObserver(() => {
    for (const u of liveCharts) {
      const width = widthOf(u.root.parentElement ?? u.root);
      if (width !== u.width) u.setSize({ width, height: chartHeight });
    }
  }).observe(document.getElementById('timeline') ?? document.body);
}
