import type { Outage } from '../domain/outage.js';
import type { RunResult } from '../domain/result.js';
import { ansiStyle, type Style, type StyleName } from './ansi-style.js';
import { marginWords } from './around-texts.js';
import { count, counted, duration, outageSpan, percent } from './figures.js';
import { plainLine } from './plain-text.js';

/** How to print: colour is the caller's decision; the paths are shown as given, in this order. */
export interface ConsoleOptions {
  readonly color: boolean;
  /** Label → path, e.g. `report` → `reports/latest/derived/report.html`. */
  readonly paths: Readonly<Record<string, string>>;
}

const LOOK: Readonly<Record<RunResult['verdict']['kind'], { mark: string; color: StyleName }>> = {
  PASS: { mark: '✓', color: 'green' },
  FAIL: { mark: '✗', color: 'red' },
  INCONCLUSIVE: { mark: '?', color: 'yellow' },
  ERROR: { mark: '!', color: 'red' },
};
const OUTAGES_SHOWN = 3;
const TARGETS_SHOWN = 4;

/** The last words of a run on stdout: at most about 20 lines, a PASS about 8; ends with a newline. */
export function renderConsole(result: RunResult, options: ConsoleOptions): string {
  const style = ansiStyle(options.color);
  const { verdict } = result;
  const lines = [
    verdictLine(result, style),
    ...result.outages.slice(0, OUTAGES_SHOWN).map(outageLine),
    ...omitted(result.outages.length - OUTAGES_SHOWN),
    ...(result.outages.length > 0 ? errorLine(result) : []),
    ...advice(result, style),
    ...result.claims.sentences.slice(0, 6).map((sentence) => plainLine(sentence, 300)),
    ...warningLines(result, style),
    deployLine(result),
    ...marginLine(result),
    ...stillDetached(result, style),
    pathLine(options.paths, verdict.exitCode),
  ];
  return `${lines.map((line, index) => (index === 0 ? line : `  ${line}`)).join('\n')}\n`;
}

function verdictLine({ verdict }: RunResult, style: Style): string {
  const { mark, color } = LOOK[verdict.kind];
  const codes = verdict.codes.length === 0 ? '' : ` [${verdict.codes.map((code) => plainLine(code, 40)).join(' ')}]`;
  return `${style('bold', style(color, `${mark} ${verdict.kind}`))}  ${plainLine(verdict.sentence, 600)}${style('grey', codes)}`;
}

function outageLine(o: Outage): string {
  const length = `${o.kind === 'single' ? '' : `${duration(o.durationEstimateMs)}, `}${counted(o.failures, 'failure')}, ${o.kind}`;
  const where = o.stepBefore === null ? '' : ` after ${plainLine(o.stepBefore, 80)}`;
  return plainLine(`outage ${outageSpan(o)} (${length})${where}`, 300);
}

function omitted(more: number): string[] {
  return more > 0 ? [plainLine(`… and ${counted(more, 'more outage', 'more outages')}`)] : [];
}

function errorLine({ errors }: RunResult): string[] {
  const byText = new Map<string, number>();
  // What was never sent is no answer of the service; the checks speak of it.
  for (const e of errors.filter(({ class: c }) => c !== 'dropped' && c !== 'aborted')) {
    const text = plainLine(`${e.status ?? ''} ${e.detail === '' ? e.class : e.detail}`, 80);
    byText.set(text, (byText.get(text) ?? 0) + e.count);
  }
  const top = [...byText].sort(([, a], [, b]) => b - a).slice(0, 3);
  return top.length === 0 ? [] : [top.map(([text, n]) => `${text} ×${count(n)}`).join(', ')];
}

/** Why and Try: the first outage's best cause, else what the verdict says to do next. */
function advice({ outages, verdict }: RunResult, style: Style): string[] {
  const cause = outages[0]?.causes[0];
  const lines: string[] = [];
  if (cause !== undefined) lines.push(`${style('bold', 'Why:')} ${plainLine(cause.sentence)}`);
  const action = cause?.hint ?? verdict.nextAction;
  if (action !== null && action !== '' && verdict.kind !== 'PASS')
    lines.push(`${style('bold', 'Try:')} ${plainLine(action)}`);
  return lines;
}

function warningLines({ checks }: RunResult, style: Style): string[] {
  return checks
    .filter((check) => check.status === 'warning')
    .slice(0, 4)
    .map((check) => `${style('yellow', 'warning')} ${plainLine(check.message, 300)}`);
}

function deployLine({ run, latency, counts }: RunResult): string {
  const parts = [
    run.deployMs === null ? 'no deploy' : `deploy ${duration(run.deployMs)} (${duration(run.asleepMs)} asleep)`,
    `${count(counts.failed)} of ${count(counts.judged)} failed${counts.judged > 0 ? ` (${percent(counts.failed / counts.judged)})` : ''}`,
  ];
  if (latency.baseline !== null && latency.deploy !== null) {
    parts.push(`p99 ${duration(latency.baseline.p99)} → ${duration(latency.deploy.p99)}`);
  }
  return plainLine(parts.join('   '));
}

/** The sleep of every target, where the least of them, in the claims, is not enough to act on. */
function marginLine({ claims: { margins }, verdict }: RunResult): string[] {
  if (margins.length < 2 || verdict.kind === 'PASS') return [];
  const shown = margins.slice(0, TARGETS_SHOWN).map((m) => `${plainLine(m.target, 40)} ${marginWords(m.marginMs)}`);
  const more = margins.length - shown.length;
  return [
    plainLine(`sleep after detach: ${shown.join(', ')}${more > 0 ? ` and ${counted(more, 'more target')}` : ''}`),
  ];
}

function stillDetached({ run }: RunResult, style: Style): string[] {
  if (run.stillDetached.length === 0) return [];
  const names = run.stillDetached.slice(0, 20).map((target) => plainLine(target, 80));
  return [style('red', `STILL DETACHED: ${names.join(', ')}  (rollproof recover)`)];
}

function pathLine(paths: Readonly<Record<string, string>>, exitCode: number): string {
  const shown = Object.entries(paths).map(([label, path]) => `${plainLine(label, 40)} ${plainLine(path)}`);
  return [...shown, `exit ${exitCode}`].join('   ');
}
