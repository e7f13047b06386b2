import type { RunResult } from '../domain/result.js';
import { type JunitCase, junitCases } from './junit-cases.js';
import { xmlAttribute, xmlText } from './xml-escape.js';

/**
 * `derived/junit.xml`. Written so that every CI reads it the same way: the declaration alone on line 1 and no
 * DOCTYPE (GoCD wraps the file), FAIL as `failure`, INCONCLUSIVE and ERROR as `error` and never as `skipped`
 * (GoCD and GitLab count that as passed), case times that add up to the run.
 */
export function renderJunit(result: RunResult): string {
  const { run } = result;
  const cases = junitCases(result);
  const totals = attributes({
    tests: String(cases.length),
    failures: String(cases.filter((c) => c.outcome?.kind === 'failure').length),
    errors: String(cases.filter((c) => c.outcome?.kind === 'error').length),
    skipped: String(cases.filter((c) => c.outcome?.kind === 'skipped').length),
    time: seconds(cases.reduce((sum, c) => sum + c.timeMs, 0)),
  });
  const suite = attributes({ name: `zero-downtime: ${run.scenario.name}`, timestamp: timestamp(run.startedAtWall) });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="rollproof"${totals}>`,
    `  <testsuite${suite}${totals}>`,
    '    <properties>',
    ...properties(result),
    '    </properties>',
    ...cases.map((testcase) => caseXml(testcase, `rollproof.${run.scenario.name}`)),
    '    <system-out>[[ATTACHMENT|report.html]]</system-out>',
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

function properties({ run, verdict }: RunResult): string[] {
  const entries = {
    verdict: verdict.kind,
    codes: verdict.codes.join(' '),
    warnings: verdict.warnings.join(' '),
    runId: run.id,
    environment: run.scenario.environment,
    version: run.scenario.rollout.version,
    toolVersion: run.toolVersion,
    gitRevision: run.gitRevision ?? '',
  };
  return Object.entries(entries)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `      <property${attributes({ name, value })}/>`);
}

function caseXml({ name, timeMs, outcome, output }: JunitCase, classname: string): string {
  const open = `    <testcase${attributes({ classname, name, time: seconds(timeMs) })}`;
  const inside: string[] = [];
  if (outcome?.kind === 'skipped') inside.push(`<skipped${attributes({ message: outcome.message })}/>`);
  else if (outcome !== null) {
    const { kind, type, message, text } = outcome;
    inside.push(`<${kind}${attributes({ type, message })}>${xmlText(text)}</${kind}>`);
  }
  if (output !== null) inside.push(`<system-out>${xmlText(output)}</system-out>`);
  if (inside.length === 0) return `${open}/>`;
  return [`${open}>`, ...inside.map((line) => `      ${line}`), '    </testcase>'].join('\n');
}

function attributes(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .filter(([name, value]) => name !== 'timestamp' || value !== '')
    .map(([name, value]) => ` ${name}="${xmlAttribute(value)}"`)
    .join('');
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

/** ISO 8601 without zone, in UTC, as the readers want it; empty for what is no time. */
function timestamp(wall: string): string {
  const at = new Date(Date.parse(wall));
  return Number.isNaN(at.getTime()) ? '' : at.toISOString().slice(0, 19);
}
