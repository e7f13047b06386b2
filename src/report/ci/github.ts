import type { RunResult } from '../../domain/result.js';
import { outageSpan } from '../figures.js';
import { plainLine } from '../plain-text.js';

/** GitHub shows ten annotations of a level per step; more of ours would push other tools' away. */
export const ANNOTATIONS_MAX = 5;
const LEVEL = { PASS: 'notice', FAIL: 'error', INCONCLUSIVE: 'error', ERROR: 'error' } as const;

/**
 * Workflow command lines for the job's log: the verdict, then the first outages. `file` is the scenario's path in the
 * repository, so that the annotation stands beside it in the diff; null leaves that out.
 */
export function githubAnnotations(result: RunResult, file: string | null): readonly string[] {
  const { verdict, outages, run } = result;
  const next = verdict.nextAction === null ? '' : `\nNext: ${plainLine(verdict.nextAction, 600)}`;
  const title = `${verdict.kind}: ${plainLine(run.scenario.name, 80)}`;
  const place = file === null ? {} : { file, line: '1' };
  const lines = [
    githubCommand(LEVEL[verdict.kind], { title, ...place }, `${plainLine(verdict.sentence, 1000)}${next}`),
  ];
  for (const o of outages.slice(0, ANNOTATIONS_MAX - 1)) {
    const after = o.stepBefore === null ? '' : ` after ${plainLine(o.stepBefore, 80)}`;
    const title = `Outage ${outageSpan(o)}${after}`.replaceAll('\u00a0', ' ');
    lines.push(githubCommand('error', { title, ...place }, plainLine(o.causes[0].sentence, 600)));
  }
  return lines;
}

/** `name=value` lines for GITHUB_OUTPUT. Values are one line each, so that none can add another output. */
export function githubOutputs(result: RunResult, paths: Readonly<Record<string, string>>): string {
  const entries: Readonly<Record<string, string>> = {
    verdict: result.verdict.kind,
    'exit-code': String(result.verdict.exitCode),
    failed: String(result.counts.failed),
    judged: String(result.counts.judged),
    outages: String(result.outages.length),
    ...paths,
  };
  return Object.entries(entries)
    .map(([name, value]) => `${name}=${plainLine(value, 4000)}\n`)
    .join('');
}

/** One workflow command. Its data and properties are escaped as the runner unescapes them, so neither can start another. */
export function githubCommand(name: string, properties: Readonly<Record<string, string>>, message: string): string {
  const listed = Object.entries(properties).map(([key, value]) => `${key}=${property(value)}`);
  return `::${name} ${listed.join(',')}::${data(message)}`;
}

const data = (text: string): string =>
  text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A').replaceAll('\u00a0', ' ');
const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
