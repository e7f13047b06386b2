import { type EngineSelfTest, SELF_TEST_FAULTS, selfTestMisses } from '../domain/self-test.js';
import { caseWords, FAULT_WORDS } from '../report/engine-texts.js';
import type { DoctorFinding } from './doctor-findings.js';

/** Everything doctor found out: what `--json` prints. */
export interface DoctorReport {
  readonly toolVersion: string;
  readonly machine: readonly DoctorFinding[];
  readonly tools: readonly DoctorFinding[];
  readonly engines: readonly EngineSelfTest[];
  /** What speaks against a run here; empty = exit 0. */
  readonly problems: readonly string[];
}

/** For people. */
export function doctorText({ toolVersion, machine, tools, engines, problems }: DoctorReport): string {
  return [
    `rollproof ${toolVersion}`,
    ...chapter('machine', machine),
    ...chapter('tools', tools),
    ...(engines.length === 0 ? [] : ['', ...enginesTable(engines)]),
    '',
    ...(problems.length === 0
      ? [engines.length === 0 ? 'nothing is wrong' : 'every engine sees what it vouches for']
      : problems.map((problem) => `PROBLEM: ${problem}`)),
    '',
  ].join('\n');
}

function chapter(title: string, findings: readonly DoctorFinding[]): string[] {
  if (findings.length === 0) return [];
  const lines = findings.flatMap(({ level, message, hint }) => [
    `  ${level.padEnd(8)} ${message}`,
    ...(hint === null ? [] : [`           ${hint}`]),
  ]);
  return ['', title, ...lines];
}

/** Faults down, engines across; seen of injected. */
function enginesTable(engines: readonly EngineSelfTest[]): string[] {
  const heads = ['fault', ...engines.map(nameOf)];
  const rows = SELF_TEST_FAULTS.map((fault) => [
    FAULT_WORDS[fault],
    ...engines.map(({ cases }) => {
      const one = cases.find((c) => c.fault === fault);
      return one === undefined ? '–' : caseWords(one);
    }),
  ]);
  const resent = ['sent again without a word', ...engines.map((e) => (e.error === null ? String(e.resent) : '–'))];
  const table = [heads, ...rows, resent];
  const widths = heads.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const lines = table.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd(),
  );
  const notes = engines.some((e) => e.engine === 'k6' && e.method === 'GET')
    ? [
        '  k6 with GET is shown, not used: Go sends a GET again by itself, so such runs leave out kept-alive connections.',
      ]
    : [];
  return ['engines, each at a peer that breaks requests in known ways: seen of injected', ...lines, ...notes];
}

/** `k6 v2.2.0, POST`. */
function nameOf({ engine, version, method }: EngineSelfTest): string {
  return `${engine}${version === null ? '' : ` ${version}`}, ${method}`;
}

/** What an engine did not show, with its name. */
export function enginesProblems(engines: readonly EngineSelfTest[]): readonly string[] {
  return engines.flatMap((test) => selfTestMisses(test).map((miss) => `${nameOf(test)}: ${miss}`));
}
