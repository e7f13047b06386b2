import type { RunResult, StepSpan } from '../domain/result.js';
import type { CheckResult } from '../domain/verdict.js';

/** One `testcase`. Names are stable from run to run and unique, so CI can follow each over time. */
export interface JunitCase {
  readonly name: string;
  /** Whole ms; all cases together are the run's length. */
  readonly timeMs: number;
  readonly outcome:
    | { readonly kind: 'failure' | 'error'; readonly type: string; readonly message: string; readonly text: string }
    | { readonly kind: 'skipped'; readonly message: string }
    | null;
  readonly output: string | null;
}

/** The verdict first, then claims, checks and the pipeline's steps. The verdict's case is red whenever the run is. */
export function junitCases(result: RunResult): readonly JunitCase[] {
  const steps = result.timeline.steps.map(stepCase);
  const stepsMs = steps.reduce((sum, step) => sum + step.timeMs, 0);
  const rest = Math.max(0, Math.round(result.run.durationMs) - stepsMs);
  return unique([verdictCase(result, rest), ...claimCases(result), ...result.checks.map(checkCase), ...steps]);
}

function verdictCase({ verdict }: RunResult, timeMs: number): JunitCase {
  const text = [verdict.sentence, verdict.nextAction, `Codes: ${verdict.codes.join(', ')}`]
    .filter((t) => t !== null)
    .join('\n');
  const base = { name: 'verdict', timeMs, output: verdict.kind === 'PASS' ? verdict.sentence : null };
  if (verdict.kind === 'PASS') return { ...base, outcome: null };
  const message = verdict.sentence;
  if (verdict.kind === 'FAIL')
    return { ...base, outcome: { kind: 'failure', type: 'DowntimeDetected', message, text } };
  const type = verdict.kind === 'INCONCLUSIVE' ? 'Inconclusive' : 'ToolError';
  return { ...base, outcome: { kind: 'error', type, message, text } };
}

/** A claim nobody could establish is an error beside a verdict that is not PASS; a PASS may lack one the engine cannot see. */
function claimCases({ claims, verdict }: RunResult): JunitCase[] {
  const established: readonly (readonly [string, boolean])[] = [
    ['claim: no long total outage', claims.totalOutageMs !== null],
    ['claim: no long one-target outage', claims.targetOutageMs !== null],
    ['claim: failure probability bounded', claims.failureProbabilityUpper !== null],
    ['claim: every target replaced', claims.replaced === 'proven'],
  ];
  const message = 'not established by this run';
  const text = 'This run does not establish the claim; the verdict says why.';
  return established.map(([name, holds]) => {
    const base = { name, timeMs: 0, output: null };
    if (holds) return { ...base, outcome: null };
    if (verdict.kind === 'PASS') return { ...base, outcome: { kind: 'skipped', message } };
    return { ...base, outcome: { kind: 'error', type: 'NotEstablished', message, text } };
  });
}

function checkCase(check: CheckResult): JunitCase {
  const base = { name: `check ${check.id}: ${check.title}`, timeMs: 0 };
  const figures = `measured ${check.measured}, wanted ${check.threshold}`;
  const text = [check.message, figures, check.hint, check.why]
    .filter((line) => line !== null && line !== '')
    .join('\n');
  const type = check.code ?? 'CheckFailed';
  switch (check.status) {
    case 'fail':
      return { ...base, outcome: { kind: 'failure', type, message: check.message, text }, output: null };
    case 'inconclusive':
      return { ...base, outcome: { kind: 'error', type, message: check.message, text }, output: null };
    case 'skipped':
      return { ...base, outcome: { kind: 'skipped', message: check.message }, output: null };
    case 'warning':
      return { ...base, outcome: null, output: `warning ${type}\n${text}` };
    default:
      return { ...base, outcome: null, output: figures };
  }
}

function stepCase(step: StepSpan): JunitCase {
  const base = {
    name: `step ${step.stage} ${step.index + 1}: ${step.label}`,
    timeMs: Math.max(0, Math.round(step.to - step.from)),
    output: null,
  };
  if (step.state === 'done') return { ...base, outcome: null };
  const [type, message] =
    step.state === 'failed'
      ? ['StepFailed', step.error ?? 'the step failed']
      : ['StepUnfinished', 'the run ended inside this step'];
  return { ...base, outcome: { kind: 'error', type, message, text: message } };
}

function unique(cases: readonly JunitCase[]): JunitCase[] {
  const taken = new Set<string>();
  return cases.map((testcase) => {
    let name = testcase.name;
    for (let copy = 2; taken.has(name); copy++) name = `${testcase.name} (${copy})`;
    taken.add(name);
    return { ...testcase, name };
  });
}
