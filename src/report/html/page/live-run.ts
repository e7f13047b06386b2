// The live page's script: draws what the event stream says, as text and shapes only. One scope of its own: it is never
// bundled with the report's scripts.
(() => {
  interface Step {
    readonly label: string;
    readonly kind: string;
    readonly from: number | null;
    readonly to: number | null;
    readonly state: string;
  }
  interface Target {
    readonly target: string;
    readonly states: readonly { readonly from: number; readonly state: string }[];
  }
  interface Totals {
    readonly sent: number;
    readonly failed: number;
    readonly dropped: number;
    readonly latencyMsP99: number;
  }
  interface State {
    readonly elapsedMs: number;
    readonly estimatedMs: number | null;
    readonly steps: readonly Step[];
    readonly targets: readonly Target[];
    readonly totals: Totals | null;
  }
  interface Point {
    readonly at: number;
    readonly sentPerSecond: number;
    readonly failedPerSecond: number;
  }

  const width = 1120;
  const left = 116;
  const plot = width - left - 20;
  const words: Readonly<Record<string, string>> = {
    healthy: 'in load balancer',
    unused: 'out of load balancer',
    initial: 'registering',
    unavailable: 'state unknown',
  };
  let state: State | null = null;
  let points: Point[] = [];
  let isOver = false;

  const at = (id: string): HTMLElement => document.getElementById(id) ?? document.body;
  const clock = (ms: number): string => {
    const seconds = Math.floor(ms / 1000);
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  };
  function shape(name: string, attributes: Readonly<Record<string, string | number>>, text = ''): SVGElement {
    const el = document.createElementNS('http://www.w3.org/2000/svg', name);
    for (const [key, value] of Object.entries(attributes)) el.setAttribute(key, String(value));
    if (text !== '') el.textContent = text;
    return el;
  }

  function draw(now: State): void {
    const total = Math.max(now.elapsedMs, now.estimatedMs ?? 0, 1000);
    const x = (ms: number): number => left + (Math.min(ms, total) / total) * plot;
    const parts: SVGElement[] = [];
    const name = (text: string, y: number): void => {
      parts.push(shape('text', { x: left - 10, y, 'text-anchor': 'end', class: 'lane-name', 'font-size': 12.5 }, text));
    };
    const bar = (from: number, to: number, y: number, look: string, label: string): void => {
      const wide = Math.max(2, x(to) - x(from));
      const group = shape('g', {});
      group.append(
        shape('title', {}, `${label}: ${clock(from)} to ${clock(to)}`),
        shape('rect', { x: x(from), y, width: wide, height: 24, class: `fill-${look}` }),
      );
      if (wide > label.length * 6.6 + 8)
        group.append(shape('text', { x: x(from) + 5, y: y + 16, class: `ink-${look}`, 'font-size': 11.5 }, label));
      parts.push(group);
    };
    name('pipeline', 20);
    for (const s of now.steps)
      if (s.from !== null)
        bar(s.from, s.to ?? now.elapsedMs, 4, s.state === 'failed' ? 'step-failed' : s.kind, s.label);
    now.targets.forEach((t, row) => {
      const y = 36 + row * 30;
      name(t.target, y + 16);
      t.states.forEach((s, i) => {
        bar(s.from, t.states[i + 1]?.from ?? now.elapsedMs, y, s.state, words[s.state] ?? s.state);
      });
    });
    const top = 44 + now.targets.length * 30;
    const most = Math.max(1, ...points.map((p) => p.sentPerSecond));
    const line = (value: (p: Point) => number): string =>
      points
        .map((p, i) => `${i === 0 ? 'M' : 'L'}${x(p.at).toFixed(1)} ${(top + 90 - (value(p) / most) * 84).toFixed(1)}`)
        .join('');
    name(`${Math.round(most)} /s`, top + 12);
    name('0', top + 92);
    parts.push(
      shape('path', {
        d: `M${left} ${top + 90}H${left + plot}`,
        class: 'grid',
        stroke: 'currentColor',
        'stroke-opacity': 0.3,
      }),
      shape('path', { d: line((p) => p.sentPerSecond), class: 'stroke-a', fill: 'none', 'stroke-width': 1.6 }),
      shape('path', { d: line((p) => p.failedPerSecond), class: 'stroke-failed', fill: 'none', 'stroke-width': 2.4 }),
      shape('path', { d: `M${x(now.elapsedMs)} 0V${top + 94}`, stroke: 'currentColor', 'stroke-dasharray': '3 3' }),
    );
    for (let i = 0; i <= 5; i++) {
      const t = (total / 5) * i;
      parts.push(
        shape('text', { x: x(t), y: top + 110, 'text-anchor': 'middle', class: 'muted', 'font-size': 11 }, clock(t)),
      );
    }
    const running = now.steps.find((s) => s.state === 'running')?.label ?? 'no step';
    const svg = shape('svg', { viewBox: `0 0 ${width} ${top + 116}`, class: 'chart', role: 'img' });
    svg.append(shape('title', {}, `Timeline so far, ${clock(now.elapsedMs)}; now: ${running}`), ...parts);
    at('drawing').replaceChildren(svg);
  }

  function tile(name: string, value: string, isBad = false): HTMLElement {
    const box = document.createElement('div');
    box.className = isBad ? 'tile bad' : 'tile';
    const term = document.createElement('dt');
    term.textContent = name;
    const figure = document.createElement('dd');
    figure.className = 'value';
    figure.textContent = value;
    box.append(term, figure);
    return box;
  }

  function show(): void {
    if (state === null) return;
    const { totals, steps, elapsedMs, estimatedMs } = state;
    const failed = totals?.failed ?? 0;
    const now = steps.find((s) => s.state === 'running')?.label ?? 'between steps';
    at('clock').textContent = `${clock(elapsedMs)}${estimatedMs === null ? '' : ` of about ${clock(estimatedMs)}`}`;
    at('now').className = failed > 0 ? 'banner fail' : 'banner';
    at('head').textContent = isOver ? 'Ended' : failed > 0 ? 'Requests failed' : 'Running';
    const sentence = isOver
      ? 'The run has ended; the terminal gives the verdict, and the report is written beside it.'
      : `${now}. ${failed > 0 ? `${failed} failed so far.` : 'No request has failed so far.'}`;
    if (at('said').textContent !== sentence) at('said').textContent = sentence;
    at('tiles').replaceChildren(
      tile('Sent', (totals?.sent ?? 0).toLocaleString('en')),
      tile('Failed', failed.toLocaleString('en'), failed > 0),
      tile('p99', `${Math.round(totals?.latencyMsP99 ?? 0)} ms`),
      tile('Dropped', (totals?.dropped ?? 0).toLocaleString('en')),
      tile('Steps done', `${steps.filter((s) => s.state === 'done').length} of ${steps.length}`),
    );
    document.title = `${failed > 0 ? `${failed} failed` : 'no failures'} · ${clock(elapsedMs)} · rollproof`;
    draw(state);
  }

  const stream = new EventSource('events');
  const on = (name: string, take: (data: never) => void): void =>
    stream.addEventListener(name, (e) => {
      take(JSON.parse((e as MessageEvent<string>).data) as never);
      show();
    });
  on('all', (data: Point[]) => {
    points = data;
  });
  on('point', (data: Point) => {
    points.push(data);
  });
  on('state', (data: State) => {
    state = data;
  });
  on('ended', () => {
    isOver = true;
    stream.close();
  });
  stream.addEventListener('error', () => {
    if (!isOver) at('said').textContent = 'The connection to the run is lost; trying again.';
  });
})();
