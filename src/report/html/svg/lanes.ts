import type { RunResult, StepSpan } from '../../../domain/result.js';
import { clock, clockSpan, counted, duration, outageSpan } from '../../figures.js';
import { oneLine } from '../../visible-text.js';
import { type Band, bandsOf } from '../bands.js';
import { html, type Markup } from '../markup.js';
import { bandColumns, bar, chartSvg, FRAME, laneName, type TimeScale, timeAxis, timeScale } from './frame.js';
import { STATE_LOOK, STEP_LOOK } from './palette.js';

const ROW = { stage: 20, step: 26, state: 22, app: 15, failures: 26, gap: 8 } as const;
const PLOT = FRAME.width - FRAME.left - FRAME.right;

type Timeline = RunResult['timeline'];
type TargetLane = Timeline['targets'][number];

/** ±10 s around a span as the deep link the page's script understands. */
export function zoomLink(from: number, to: number, aroundMs = 10_000): string {
  const seconds = (ms: number): string => String(Math.round(Math.max(0, ms) / 10) / 100);
  return `#t=${seconds(from - aroundMs)}-${seconds(to + aroundMs)}`;
}

function stageRow(result: RunResult, bands: readonly Band[], scale: TimeScale, y: number): Markup {
  const frame = bands.filter((b) => b.kind === 'warm-up' || b.kind === 'baseline' || b.kind === 'settle');
  const at = { y, height: ROW.stage };
  return html`${laneName('stage', y + 14)}${frame.map((b) =>
    bar(scale, b, at, {
      name: 'frame',
      fill: '#f1f4f7',
      ink: '#57606a',
      label: b.label,
      title: `${b.label}: ${clockSpan(b.from, b.to)}`,
    }),
  )}${result.timeline.stages.map((s) =>
    bar(scale, s.span, at, {
      name: s.ok ? 'stage' : 'stage-failed',
      fill: s.ok ? '#dbe4ee' : '#fbc9c4',
      ink: '#1f2328',
      label: s.name,
      title: `stage ${s.name}: ${clockSpan(s.span.from, s.span.to)}${s.ok ? '' : ', failed'}`,
    }),
  )}`;
}

function stepBar(step: StepSpan, scale: TimeScale, y: number): Markup {
  const look = STEP_LOOK[step.kind];
  const state = step.state === 'done' ? '' : `, ${step.state === 'open' ? 'never ended' : 'FAILED'}`;
  const words = `${step.label}: ${clockSpan(step.from, step.to)} (${duration(step.to - step.from)}${state})`;
  const drawn = bar(
    scale,
    step,
    { y, height: ROW.step, minWidth: 3 },
    {
      ...look,
      name: step.state === 'failed' ? 'step-failed' : look.name,
      fill: step.state === 'failed' ? '#cf222e' : look.fill,
      ink: step.state === 'failed' ? '#ffffff' : look.ink,
      label: step.label,
      short: look.short,
      title: `${step.stage} › ${words}${step.error === null ? '' : ` ${oneLine(step.error, 200)}`}`,
    },
  );
  return html`<a href="${zoomLink(step.from, step.to)}" aria-label="${words}. Zoom here.">${drawn}</a>`;
}

const APP_WORD = { stopping: 'app told to stop', down: 'app down', up: 'app up', ready: 'app ready' } as const;

/** The application's own life under the balancer's view: the two should agree, and where they do not, requests fail. */
function appRow(lane: TargetLane, scale: TimeScale, y: number): Markup {
  const spans = lane.app.map((a, i) => ({ ...a, to: lane.app[i + 1]?.at ?? scale.to }));
  const look = {
    stopping: { name: 'app-stopping', fill: 'url(#p-stopping)', ink: '#4d3300' },
    down: { name: 'app-down', fill: '#24292f', ink: '#ffffff' },
    up: { name: 'app-up', fill: '#cfe3fb', ink: '#0a3069' },
    ready: null,
  } as const;
  return html`<rect class="app-line" x="${FRAME.left}" y="${y + ROW.app - 2}" width="${PLOT}" height="2" fill="#1a7f37" data-full="1"/>${spans.map(
    (s) => {
      const paint = look[s.what];
      if (paint === null) return null;
      const label = s.what === 'up' ? 'starting' : s.what === 'down' ? `app down ${duration(s.to - s.at)}` : 'stopping';
      const short = s.what === 'down' ? 'app down' : label;
      return bar(
        scale,
        { from: s.at, to: s.to },
        { y, height: ROW.app, minWidth: 1.5 },
        {
          ...paint,
          label,
          short,
          title: `${lane.target}: ${APP_WORD[s.what]} at ${clock(s.at, 3)}, for ${duration(s.to - s.at)}`,
        },
      );
    },
  )}`;
}

function targetRow(lane: TargetLane, scale: TimeScale, y: number): Markup {
  return html`<g role="img" aria-label="${lane.target}: ${laneSentence(lane)}">${laneName(lane.target, y + 15)}<text class="muted" x="${FRAME.left - 10}" y="${y + 35}" text-anchor="end" fill="#57606a" font-size="10.5">its app</text><rect class="fill-lane" x="${FRAME.left}" y="${y}" width="${PLOT}" height="${ROW.state}" fill="#f1f4f7" data-full="1"/>${lane.reported.map(
    (s) => {
      const look = STATE_LOOK[s.state];
      const told = s.description === '' || s.description === 'N/A' ? '' : ` “${oneLine(s.description, 160)}”`;
      const title = `${lane.target} ${look.word} (${s.state}): ${clockSpan(s.from, s.to)}${told}`;
      return bar(scale, s, { y, height: ROW.state }, { ...look, label: look.word, title });
    },
  )}${appRow(lane, scale, y + ROW.state + 1)}</g>`;
}

/** A target's way through the run as one sentence. */
export function laneSentence(lane: TargetLane): string {
  const states = lane.reported.map((s) => `${STATE_LOOK[s.state].word} from ${clock(s.from)}`);
  const app = lane.app.map((a) => `${APP_WORD[a.what]} at ${clock(a.at)}`);
  return `${[...states, ...app].join(', ')}.`;
}

/** One tick per failed request, merged per pixel column only: nothing is thinned out. Neighbours join to one shape. */
export function tickPath(instants: readonly number[], scale: TimeScale, y: number, height: number): string {
  const columns = [...new Set(instants.map((t) => Math.floor(scale.x(t))))].sort((a, b) => a - b);
  let path = '';
  for (let i = 0; i < columns.length; ) {
    const first = columns[i] ?? 0;
    let last = first;
    while (i < columns.length && (columns[i] ?? 0) <= last + 1) last = columns[i++] ?? last;
    path += `M${first} ${y}h${last - first + 1.5}v${height}H${first}z`;
  }
  return path;
}

/** When a request failed, not when it was due; only a timeout says nothing until it is over. */
function failedAt(f: RunResult['failures'][number]): number {
  return f.class === 'timeout' ? f.scheduledAt : (f.endedAt ?? f.scheduledAt);
}

/** When requests failed: each kept failure, and every bucket with failures beyond those kept. */
export function failureInstants(result: RunResult): readonly number[] {
  const kept = result.failures.map(failedAt);
  if (result.failuresOmitted === 0) return kept;
  const { series } = result;
  const rest = series.failed.flatMap((n, i) => (n > 0 ? [series.from + (i + 0.5) * series.bucketMs] : []));
  return [...kept, ...rest];
}

function failuresRow(result: RunResult, scale: TimeScale, y: number): Markup {
  const instants = failureInstants(result);
  const words =
    instants.length === 0
      ? html`<text class="muted" x="${FRAME.left + 8}" y="${y + 17}" fill="#57606a">no request failed</text>`
      : null;
  return html`${laneName('failed requests', y + 17)}<rect class="fill-lane" x="${FRAME.left}" y="${y}" width="${PLOT}" height="${ROW.failures}" fill="#f1f4f7" data-full="1"/><path class="fill-failed" id="ticks" data-row="${y},${ROW.failures}" d="${tickPath(instants, scale, y, ROW.failures)}" fill="#cf222e"/>${words}`;
}

function description(result: RunResult): string {
  const steps = result.timeline.steps.map((s) => `${s.label} at ${clock(s.from)}`).join(', ');
  const outages = result.outages.map((o) => `${counted(o.failures, 'failed request')} at ${outageSpan(o)}`);
  return `Pipeline: ${steps === '' ? 'no step ran' : steps}. ${outages.length === 0 ? 'No outage window.' : `Outages: ${outages.join('; ')}.`}`;
}

/** The picture of the run: pipeline, one lane per target, failures, on one time axis. Readable without the script. */
export function lanesSvg(result: RunResult): Markup {
  const scale = timeScale(result.run.durationMs);
  const bands = bandsOf(result);
  const top = 4;
  const stepY = top + ROW.stage + 4;
  const targetsY = stepY + ROW.step + ROW.gap + 2;
  const targetHeight = ROW.state + ROW.app + 1 + ROW.gap;
  const failuresY = targetsY + result.timeline.targets.length * targetHeight;
  const bottom = failuresY + ROW.failures + 4;
  const shade = bands.filter((b) => b.kind === 'outage');
  return chartSvg(
    { id: 'lanes', height: bottom + FRAME.axis, title: 'What happened, when', description: description(result) },
    html`${timeAxis(scale, top, bottom)}${stageRow(result, bands, scale, top)}${laneName('pipeline', stepY + 17)}${result.timeline.steps.map(
      (s) => stepBar(s, scale, stepY),
    )}${result.timeline.targets.map((t, i) => targetRow(t, scale, targetsY + i * targetHeight))}${failuresRow(result, scale, failuresY)}<g pointer-events="none">${bandColumns(shade, scale, stepY, failuresY)}</g><path id="crosshair" d="M0 ${top}V${bottom}" stroke="#57606a" stroke-width="1" stroke-dasharray="3 3" visibility="hidden" pointer-events="none"/><rect id="brush" y="${top}" height="${bottom - top}" width="0" fill="#0969da" fill-opacity="0.18" visibility="hidden" pointer-events="none"/>`,
  );
}
