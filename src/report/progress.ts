import { ansiStyle, type Style, type StyleName } from './ansi-style.js';
import { clock, count, duration, percent } from './figures.js';
import { plainLine } from './plain-text.js';
import type { LogLine, ProgressState, StepProgress, TargetProgress } from './progress-state.js';

/** Without a terminal something is printed at least this often, so that no CI takes the job for hung. */
export const HEARTBEAT_MS = 10_000;
/** Height of the status block, whatever the number of targets. */
export const BLOCK_LINES_MAX = 10;

const LEVELS: Readonly<Record<LogLine['level'], { word: string; mark: string; color: StyleName }>> = {
  step: { word: 'step', mark: '▸', color: 'blue' },
  info: { word: 'info', mark: ' ', color: 'grey' },
  warn: { word: 'warn', mark: '!', color: 'yellow' },
  fail: { word: 'FAIL', mark: '✗', color: 'red' },
};

/** Whether a heartbeat is due, given when the last line of any kind was printed. */
export function heartbeatDue(lastLineAtMs: number, nowMs: number): boolean {
  return nowMs - lastLineAtMs >= HEARTBEAT_MS;
}

/** Append-only lines for the log entries from `fromIndex` on; no escape codes. */
export function plainLines(state: ProgressState, fromIndex = 0): readonly string[] {
  return state.log
    .slice(fromIndex)
    .map((line) => `${stamp(line.at)} ${LEVELS[line.level].word}  ${plainLine(line.text)}`);
}

/** One line of key=value figures for a log without a terminal. */
export function heartbeatLine({ elapsedMs, traffic, targets, steps }: ProgressState): string {
  const serving = targets.filter((t) => t.perSecond > 0).map((t) => plainLine(t.target, 60));
  const running = steps.find((step) => step.state === 'running');
  const figures =
    traffic === null
      ? ['traffic=waiting']
      : [
          `sent=${traffic.sent}`,
          `failed=${traffic.failed}`,
          `dropped=${traffic.dropped}`,
          `p99=${Math.round(traffic.latencyMsP99)}ms`,
        ];
  const step = running === undefined ? [] : [`step="${plainLine(running.label, 60).replaceAll('"', "'")}"`];
  return [stamp(elapsedMs), 'beat ', ...figures, `serving=${serving.join(',') || '-'}`, ...step].join(' ');
}

/** The same entries with marks and colour, to scroll above the block. */
export function eventLines(state: ProgressState, fromIndex: number, color: boolean): readonly string[] {
  const style = ansiStyle(color);
  return state.log.slice(fromIndex).map((line) => {
    const { mark, color: name } = LEVELS[line.level];
    return `${style(name, mark)} ${clock(line.at).padStart(7)}  ${plainLine(line.text, 200)}`;
  });
}

/** What the block is drawn on. Every line fits `width` columns, so that redrawing in place stays in place. */
export interface BlockOptions {
  readonly width: number;
  readonly color: boolean;
}

/** At most {@link BLOCK_LINES_MAX} lines: plan, targets, traffic, time. */
export function statusBlock(state: ProgressState, options: BlockOptions): readonly string[] {
  const style = ansiStyle(options.color);
  const room = BLOCK_LINES_MAX - 4;
  const shown = state.targets.length <= room ? state.targets : state.targets.slice(0, room - 1);
  const hidden = state.targets.length - shown.length;
  const name = Math.min(20, Math.max(9, ...shown.map((t) => plainLine(t.target, 20).length)));
  const bar = options.width < NARROW ? BAR_NARROW : BAR;
  const lines: readonly Painted[] = [
    [
      ['bold', 'rollproof run'],
      [null, ` · ${plainLine(state.title, 120)}`],
    ],
    [[null, `${' plan'.padEnd(name + 2)} `], ...planParts(state.steps)],
    ...shown.map((target) => targetParts(target, name, bar)),
    ...(hidden > 0 ? [[[null, ` … and ${hidden} more targets`]] satisfies Painted] : []),
    trafficParts(state, options.width < NARROW ? null : name),
    timeParts(state),
  ];
  return lines.map((line) => fitted(line, options.width, style));
}

/** Parts of a line with their style, so that cutting to the width never cuts an escape code. */
type Painted = readonly (readonly [style: StyleName | null, text: string])[];

function fitted(parts: Painted, width: number, style: Style): string {
  let left = Math.max(1, width);
  let out = '';
  for (const [name, text] of parts) {
    let cut = '';
    for (const char of text) {
      left -= columnsOf(char);
      if (left < 0) break;
      cut += char;
    }
    out += name === null || cut === '' ? cut : style(name, cut);
    if (left < 0) break;
  }
  return out.trimEnd();
}

/** East Asian and emoji characters take two columns; a wrapped line would break the redraw. */
function columnsOf(char: string): number {
  return (char.codePointAt(0) ?? 0) >= 0x1100 && !/[\u2000-\u2bff]/.test(char) ? 2 : 1;
}

const STEP_LOOK: Readonly<Record<StepProgress['state'], readonly [string, StyleName | null]>> = {
  done: ['✓', 'green'],
  running: ['▸', 'blue'],
  failed: ['✗', 'red'],
  waiting: ['·', 'grey'],
};

/** The step under way with one before and as many after as fit. */
function planParts(steps: readonly StepProgress[]): Painted {
  const current = steps.findIndex((step) => step.state === 'running' || step.state === 'failed');
  const waiting = steps.findIndex((step) => step.state === 'waiting');
  const at = current !== -1 ? current : waiting !== -1 ? waiting : steps.length;
  const from = Math.max(0, at - 2);
  const lead: Painted = from > 0 ? [['grey', '… ']] : [];
  return [
    ...lead,
    ...steps.slice(from, from + 8).flatMap((step): Painted => {
      const [mark, name] = STEP_LOOK[step.state];
      return [
        [name, mark],
        [step.state === 'running' ? 'bold' : null, ` ${plainLine(step.label, 60)}  `],
      ];
    }),
  ];
}

const BAR = 14;
/** Columns below which the figures matter more than the bars. */
const NARROW = 64;
const BAR_NARROW = 4;

function targetParts(target: TargetProgress, name: number, bar: number): Painted {
  const filled = Math.round(target.share * bar);
  const state = target.state ?? 'not reported';
  const color: StyleName = target.state === 'healthy' ? 'green' : target.state === 'unhealthy' ? 'red' : 'yellow';
  return [
    [null, ` ${plainLine(target.target, 20).padEnd(name)}  `],
    [color, '█'.repeat(filled)],
    ['grey', '░'.repeat(bar - filled)],
    [null, `  ${state.padEnd(12)} ${count(Math.round(target.perSecond)).padStart(6)} req/s`],
  ];
}

/** `name`: the width of the column of names; null = no room for it. */
function trafficParts({ traffic }: ProgressState, name: number | null): Painted {
  const label = name === null ? ' ' : `${' traffic'.padEnd(name + 2)} `;
  if (traffic === null) return [[null, `${label}waiting`]];
  const ratio = traffic.sent > 0 ? ` (${plainLine(percent(traffic.failed / traffic.sent))})` : '';
  return [
    [null, `${label}${count(traffic.sent)} sent   `],
    [traffic.failed > 0 ? 'red' : 'green', `${count(traffic.failed)} failed${ratio}`],
    [null, `   p99 ${plainLine(duration(traffic.latencyMsP99))}   dropped ${count(traffic.dropped)}`],
  ];
}

function timeParts({ elapsedMs, estimatedMs, traffic }: ProgressState): Painted {
  const estimate = estimatedMs === null ? '' : ` / ~${clock(Math.max(estimatedMs, elapsedMs), 0)}`;
  const failed = (traffic?.failed ?? 0) > 0;
  return [
    [null, ` ${clock(elapsedMs, 0)}${estimate}   `],
    [failed ? 'red' : 'grey', failed ? 'requests have failed' : 'no failures so far'],
    ['grey', '   Ctrl-C stops and re-attaches'],
  ];
}

/** `mm:ss.mmm`. */
function stamp(ms: number): string {
  return clock(ms, 3).padStart(9, '0');
}
