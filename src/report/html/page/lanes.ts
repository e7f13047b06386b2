// biome-ignore-all lint/correctness/noUnusedVariables: the page's scripts share one scope.
// The server-drawn pictures with a time axis (lanes, heatmap), laid out again for the window's width and the zoom.

const svgNamespace = 'http://www.w3.org/2000/svg';

interface Picture {
  readonly svg: SVGSVGElement;
  readonly height: number;
}

function pictures(): Picture[] {
  return ['lanes', 'heatmap'].flatMap((id) => {
    const svg = document.getElementById(id);
    return svg instanceof SVGSVGElement ? [{ svg, height: svg.viewBox.baseVal.height }] : [];
  });
}

const plotLeft = page.frame.left;
const plotWidthOf = (width: number): number => Math.max(1, width - plotLeft - page.frame.right);
const widthOf = (svg: Element): number => Math.max(300, Math.round(svg.getBoundingClientRect().width));
const xAt = (ms: number, plot: number): number => plotLeft + ((ms - view.from) / (view.to - view.from)) * plot;
/** As in frame.ts: a guess, the same for the still and the live picture. */
const roomFor = (label: string): number => Math.ceil(label.length * 6.4 + 8);
const attribute = (el: Element, name: string): number => Number(el.getAttribute(name));

function placeSpan(group: Element, plot: number): void {
  const from = attribute(group, 'data-f');
  const to = attribute(group, 'data-t');
  if (to < view.from || from > view.to) {
    group.setAttribute('display', 'none');
    return;
  }
  group.removeAttribute('display');
  const x = xAt(Math.max(from, view.from), plot);
  const end = xAt(Math.min(to, view.to), plot);
  const width = Math.max(attribute(group, 'data-min'), end - x);
  const rect = group.querySelector('rect');
  rect?.setAttribute('x', x.toFixed(1));
  rect?.setAttribute('width', width.toFixed(1));
  const text = group.querySelector('text');
  if (text === null) return;
  text.setAttribute('x', (x + 5).toFixed(1));
  const long = text.getAttribute('data-long') ?? '';
  const words = width >= roomFor(long) ? long : (text.getAttribute('data-short') ?? long);
  text.textContent = words;
  if (width >= roomFor(words)) text.removeAttribute('visibility');
  else text.setAttribute('visibility', 'hidden');
}

function drawAxis(group: Element, plot: number): void {
  const [top = '0', bottom = '0'] = (group.getAttribute('data-axis') ?? '').split(',');
  const ticks = viewTicks(plot);
  group.replaceChildren(
    ...ticks.at.flatMap((t) => {
      const x = xAt(t, plot).toFixed(1);
      const line = document.createElementNS(svgNamespace, 'path');
      line.setAttribute('class', 'grid');
      line.setAttribute('d', `M${x} ${top}V${bottom}`);
      const label = document.createElementNS(svgNamespace, 'text');
      label.setAttribute('class', 'muted');
      label.setAttribute('x', x);
      label.setAttribute('y', String(Number(bottom) + 15));
      label.textContent = clockText(t, ticks.digits);
      return [line, label];
    }),
  );
}

/** One tick per failure, merged per pixel column only. */
function drawTicks(path: Element, plot: number): void {
  const [y = '0', height = '0'] = (path.getAttribute('data-row') ?? '').split(',');
  const columns = new Set<number>();
  for (const t of failedAt) if (t >= view.from && t <= view.to) columns.add(Math.floor(xAt(t, plot)));
  path.setAttribute('d', [...columns].map((x) => `M${x} ${y}h1.5v${height}h-1.5z`).join(''));
}

function placeCells(cells: Element, plot: number): void {
  const rows = (cells.getAttribute('viewBox') ?? '').split(' ')[3] ?? '1';
  cells.setAttribute('width', String(plot));
  cells.setAttribute('viewBox', `${view.from} 0 ${view.to - view.from} ${rows}`);
}

function layoutPicture({ svg, height }: Picture): void {
  const width = widthOf(svg);
  const plot = plotWidthOf(width);
  svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
  for (const full of svg.querySelectorAll('[data-full]')) full.setAttribute('width', String(plot));
  for (const group of svg.querySelectorAll('[data-f]')) placeSpan(group, plot);
  for (const axis of svg.querySelectorAll('[data-axis]')) drawAxis(axis, plot);
  const ticks = svg.querySelector('#ticks');
  if (ticks !== null) drawTicks(ticks, plot);
  const cells = svg.querySelector('#heat-cells');
  if (cells !== null) placeCells(cells, plot);
}

function instantAt(svg: SVGSVGElement, clientX: number): number {
  const box = svg.getBoundingClientRect();
  const share = (clientX - box.left - plotLeft) / plotWidthOf(widthOf(svg));
  return view.from + Math.min(Math.max(share, 0), 1) * (view.to - view.from);
}

/** Drag to zoom, as in the charts; a plain click on a step still follows its link. */
function brushPicture({ svg }: Picture): void {
  let startedAt: number | null = null;
  let startX = 0;
  let dragged = false;
  const brush = svg.querySelector('#brush');
  const hide = (): void => brush?.setAttribute('visibility', 'hidden');
  svg.addEventListener('dragstart', (e) => e.preventDefault());
  svg.addEventListener('pointerdown', (e) => {
    if (e.button !== 0 || e.clientX - svg.getBoundingClientRect().left < plotLeft) return;
    startedAt = instantAt(svg, e.clientX);
    startX = e.clientX;
    dragged = false;
  });
  svg.addEventListener('pointermove', (e) => {
    const at = instantAt(svg, e.clientX);
    setCross(at, svg);
    if (startedAt === null || (!dragged && Math.abs(e.clientX - startX) < 5)) return;
    if (!dragged) svg.setPointerCapture(e.pointerId);
    dragged = true;
    const plot = plotWidthOf(widthOf(svg));
    brush?.setAttribute('visibility', 'visible');
    brush?.setAttribute('x', String(xAt(Math.min(at, startedAt), plot)));
    brush?.setAttribute('width', String(Math.abs(xAt(at, plot) - xAt(startedAt, plot))));
  });
  svg.addEventListener('pointerup', (e) => {
    hide();
    const at = instantAt(svg, e.clientX);
    if (startedAt !== null && dragged) setView(Math.min(at, startedAt), Math.max(at, startedAt));
    startedAt = null;
  });
  svg.addEventListener('pointercancel', () => {
    hide();
    startedAt = null;
  });
  svg.addEventListener('pointerleave', () => setCross(null, svg));
  svg.addEventListener(
    'click',
    (e) => {
      if (!dragged) return;
      e.preventDefault();
      e.stopPropagation();
    },
    true,
  );
  svg.addEventListener('dblclick', resetView);
}

function moveCrosshair(svg: SVGSVGElement, at: number | null): void {
  const line = svg.querySelector('#crosshair');
  if (line === null) return;
  const inside = at !== null && at >= view.from && at <= view.to;
  line.setAttribute('visibility', inside ? 'visible' : 'hidden');
  if (inside) line.setAttribute('transform', `translate(${xAt(at, plotWidthOf(widthOf(svg))).toFixed(1)} 0)`);
}

/** Brings the lanes and the heatmap to life. */
function startPictures(): void {
  const all = pictures();
  const layout = (): void => all.forEach(layoutPicture);
  viewWatchers.push(layout);
  crossWatchers.push((at) => {
    for (const p of all) moveCrosshair(p.svg, at);
  });
  all.forEach(brushPicture);
  new ResizeObserver(layout).observe(document.getElementById('timeline') ?? document.body);
  layout();
}
