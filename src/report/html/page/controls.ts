// biome-ignore-all lint/correctness/noUnusedVariables: the page's scripts share one scope.
// Keyboard, links, read-out, filter, copy and print.

const keyActions: Readonly<Record<string, () => void>> = {
  ArrowLeft: () => panView(-0.2),
  ArrowRight: () => panView(0.2),
  '+': () => zoomView(0.5),
  '=': () => zoomView(0.5),
  '-': () => zoomView(2),
  _: () => zoomView(2),
  Escape: resetView,
  '0': resetView,
};

function startKeyboard(): void {
  document.addEventListener('keydown', (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented) return;
    const busy = e.target instanceof Element && e.target.closest('input, select, textarea');
    const scrolls = e.key.startsWith('Arrow') && e.target instanceof Element && e.target.closest('.scroll, pre');
    const action = Object.hasOwn(keyActions, e.key) ? keyActions[e.key] : undefined;
    if (action === undefined || busy || scrolls) return;
    e.preventDefault();
    action();
  });
}

function showTimeline(): void {
  const section = document.getElementById('timeline');
  if (section === null) return;
  const box = section.getBoundingClientRect();
  if (box.top >= 0 && box.top < innerHeight / 2) return;
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  section.scrollIntoView({ block: 'start', behavior: calm ? 'auto' : 'smooth' });
}

/** `#t=` links, wherever they stand; a table row with one is clickable as a whole. */
function startLinks(): void {
  document.addEventListener('click', (e) => {
    if (!(e.target instanceof Element) || e.ctrlKey || e.metaKey || e.shiftKey) return;
    const own = e.target.closest('a, button, summary, select, label');
    if (own === null && getSelection()?.isCollapsed === false) return;
    const link = own ?? e.target.closest('tr')?.querySelector('a[href^="#t="]');
    const wanted = viewInHash(link?.getAttribute('href') ?? '');
    if (wanted === null) return;
    e.preventDefault();
    setView(wanted.from, wanted.to);
    showTimeline();
  });
  const fromAddress = (): void => {
    const wanted = viewInHash(location.hash);
    if (wanted === null) return;
    setView(wanted.from, wanted.to);
    showTimeline();
  };
  addEventListener('hashchange', fromAddress);
  fromAddress();
}

function startReset(): void {
  const button = document.getElementById('zoom-reset');
  if (button === null) return;
  const show = (): void => {
    button.hidden = isWhole();
  };
  button.addEventListener('click', resetView);
  viewWatchers.push(show);
  show();
}

/** Elapsed time or time of day, in every axis and table. */
function startClockChoice(): void {
  const button = document.getElementById('clock');
  if (button === null || page.startedAtMs === null) return;
  button.hidden = false;
  button.addEventListener('click', () => {
    clockChoice.isTimeOfDay = !clockChoice.isTimeOfDay;
    button.setAttribute('aria-pressed', String(clockChoice.isTimeOfDay));
    for (const el of document.querySelectorAll<HTMLElement>('[data-at]'))
      el.textContent = clockText(Number(el.dataset.at), Number(el.dataset.digits ?? 3));
    for (const watch of viewWatchers) watch();
    buildCharts();
  });
}

/** What every chart says at an instant, as one line. */
function readoutAt(at: number): string {
  const bucket = Math.floor((at - page.from) / page.bucketMs);
  const wall =
    page.startedAtMs === null || clockChoice.isTimeOfDay
      ? ''
      : ` (${new Date(page.startedAtMs + at).toISOString().slice(11, 23)} UTC)`;
  const step = page.steps.find((s) => at >= s.from && at < s.to);
  const parts = [`${clockText(at, 2)}${wall}`];
  if (step !== undefined) parts.push(step.label);
  for (const chart of page.charts) {
    const said = chart.lines.flatMap((line) => {
      const value = line.values[bucket];
      return value === null || value === undefined ? [] : [`${line.label} ${Math.round(value * 10) / 10}`];
    });
    if (said.length > 0) parts.push(`${said.join(', ')}${chart.unit === 'ms' ? ' ms' : ' /s'}`);
  }
  return parts.join(' · ');
}

function startReadout(): void {
  const readout = document.getElementById('readout');
  if (readout === null) return;
  const idle = readout.textContent ?? '';
  crossWatchers.push((at) => {
    readout.textContent = at === null ? idle : readoutAt(at);
  });
}

function startFilter(): void {
  const filter = document.getElementById('filter');
  const rows = [...document.querySelectorAll<HTMLTableRowElement>('table.failures tbody tr')];
  const counted = document.getElementById('filter-count');
  if (filter === null || counted === null) return;
  const selects = [...filter.querySelectorAll('select')];
  const apply = (): void => {
    let shown = 0;
    for (const row of rows) {
      const fits = selects.every((s) => s.value === '' || row.cells[Number(s.dataset.column)]?.textContent === s.value);
      row.hidden = !fits;
      if (fits) shown++;
    }
    counted.textContent = `${shown} of ${rows.length} shown`;
  };
  filter.addEventListener('change', apply);
  apply();
}

/** file:// and frames may have no clipboard API; a selected text area is the older way. */
async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement('textarea');
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
  }
}

function startCopy(): void {
  const button = document.getElementById('copy');
  if (button === null) return;
  const words = button.textContent;
  button.addEventListener('click', async () => {
    button.textContent = (await copyText(page.markdown)) ? 'Copied' : 'Copying is not allowed here';
    setTimeout(() => {
      button.textContent = words;
    }, 2000);
  });
}

/** On paper everything is open and the whole run is shown; afterwards all is as it was. */
function startPrint(): void {
  let closed: HTMLDetailsElement[] = [];
  let before = view;
  addEventListener('beforeprint', () => {
    before = view;
    resetView();
    closed = [...document.querySelectorAll<HTMLDetailsElement>('details:not([open])')];
    for (const d of closed) d.open = true;
  });
  addEventListener('afterprint', () => {
    for (const d of closed) d.open = false;
    setView(before.from, before.to);
  });
}
