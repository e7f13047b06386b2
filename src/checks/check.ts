import type { Evidence } from '../domain/evidence.js';
import type { Policy } from '../domain/scenario.js';
import type { CheckResult, VerdictCode, WarningCode } from '../domain/verdict.js';

/** The text of a check that does not depend on the run; printed into docs/checks.md. */
export interface CheckMeta {
  readonly id: string;
  /** What holds when it passes. */
  readonly title: string;
  /** What is the matter when it does not. */
  readonly failureTitle: string;
  readonly why: string;
  /** Codes it can give, and what each of them means: one row each in docs/verdict-codes.md. */
  readonly docs: Readonly<Partial<Record<VerdictCode | WarningCode, string>>>;
}

/** One judgement: pure, reads no clock, and treats whatever it cannot compare (NaN, null) as inconclusive. */
export interface Check {
  readonly meta: CheckMeta;
  readonly evaluate: (evidence: Evidence, policy: Policy) => CheckResult;
}

/** Measured figure and threshold as short text with units. */
export interface Figures {
  readonly measured: string;
  readonly threshold: string;
}
interface Finding extends Figures {
  readonly message: string;
  readonly hint: string;
}
const NO_FIGURES: Figures = { measured: '', threshold: '' };

/** The judgement held. */
export function passed(meta: CheckMeta, message: string, figures: Figures = NO_FIGURES): CheckResult {
  return {
    id: meta.id,
    title: meta.title,
    status: 'pass',
    code: null,
    ...pick(figures),
    message,
    hint: null,
    why: meta.why,
  };
}

/** Not configured, or nothing there to judge. */
export function skipped(meta: CheckMeta, message: string): CheckResult {
  return {
    id: meta.id,
    title: meta.title,
    status: 'skipped',
    code: null,
    ...NO_FIGURES,
    message,
    hint: null,
    why: meta.why,
  };
}

/** A witnessed fact that makes the verdict FAIL. */
export function failed(meta: CheckMeta, code: VerdictCode, finding: Finding): CheckResult {
  return found(meta, 'fail', code, finding);
}

/** Something a PASS needs is missing. */
export function inconclusive(meta: CheckMeta, code: VerdictCode, finding: Finding): CheckResult {
  return found(meta, 'inconclusive', code, finding);
}

/** Worth knowing; never changes the exit code. */
export function warned(meta: CheckMeta, code: WarningCode, finding: Finding): CheckResult {
  return found(meta, 'warning', code, finding);
}

function found(
  meta: CheckMeta,
  status: CheckResult['status'],
  code: VerdictCode | WarningCode,
  finding: Finding,
): CheckResult {
  const { message, hint } = finding;
  return { id: meta.id, title: meta.failureTitle, status, code, ...pick(finding), message, hint, why: meta.why };
}

function pick(figures: Figures): Figures {
  return { measured: figures.measured, threshold: figures.threshold };
}
