import { EXIT, type ExitCode } from '../domain/errors.js';
import {
  type CheckResult,
  VERDICT_CODES,
  type Verdict,
  type VerdictCode,
  WARNING_CODES,
  type WarningCode,
} from '../domain/verdict.js';
import type { NonEmpty } from './index.js';

/** The part of the verdict that the table of verdict.md §7 decides. */
export type Decision = Pick<Verdict, 'kind' | 'exitCode' | 'codes' | 'warnings'>;
type Signal = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | null;

/** Rows 7 to 11: they say nothing where there is nothing to judge. */
const NEED_EVIDENCE: readonly VerdictCode[] = [
  'REPLACEMENT_UNPROVEN',
  'DRAIN_NOT_EXERCISED',
  'LANE_NOT_RUN',
  'LOW_RESOLUTION',
  'BASELINE_DIRTY',
  'TOO_FEW_REQUESTS',
  'OUTAGE_LENGTH_UNPROVEN',
  'TIMES_UNCERTAIN',
];
/** Warnings found on the way through those rows, so only where the table gets that far. */
const LATE_WARNINGS: readonly WarningCode[] = ['DRAIN_NOT_EXERCISED', 'LB_NODE_UNSEEN'];

/**
 * The table of verdict.md §7 over the results of all checks: ERROR before FAIL before INTERRUPTED before
 * INCONCLUSIVE before PASS. The order of the results does not matter, and adding one never makes it better.
 * @param signal which signal interrupted the run: it decides between exit 130 and 143.
 */
export function merge(results: NonEmpty<CheckResult>, signal: Signal = null): Decision {
  const open = codesOf(results, 'inconclusive');
  const fails = codesOf(results, 'fail');
  const warnings = WARNING_CODES.filter((code) => results.some((r) => r.status === 'warning' && r.code === code));
  const early = warnings.filter((code) => !LATE_WARNINGS.includes(code));

  if (open.includes('CONFIG_ERROR'))
    return { kind: 'ERROR', exitCode: EXIT.usage, codes: ['CONFIG_ERROR'], warnings: [] };
  if (open.includes('TOOL_ERROR') || fails.includes('TOOL_ERROR'))
    return { kind: 'ERROR', exitCode: EXIT.internal, codes: ['TOOL_ERROR'], warnings: [] };

  if (fails.length > 0) return { kind: 'FAIL', exitCode: EXIT.fail, codes: fails, warnings: early };
  if (open.includes('INTERRUPTED'))
    return { kind: 'INCONCLUSIVE', exitCode: exitOf(signal), codes: ['INTERRUPTED'], warnings: early };

  const empty = open.includes('NO_EVIDENCE');
  const codes = empty ? open.filter((code) => !NEED_EVIDENCE.includes(code)) : open;
  if (codes.length > 0)
    return { kind: 'INCONCLUSIVE', exitCode: EXIT.inconclusive, codes, warnings: empty ? early : warnings };
  return { kind: 'PASS', exitCode: EXIT.pass, codes: [], warnings };
}

/** SIGTERM and SIGHUP come from the outside world: 143. */
function exitOf(signal: Signal): ExitCode {
  return signal === 'SIGTERM' || signal === 'SIGHUP' ? EXIT.terminated : EXIT.interrupted;
}

/**
 * Codes with that status in the order of VERDICT_CODES. An objection without a code, or with one the table does not know,
 * is a fault of the tool: dropping it would make a PASS of it.
 */
function codesOf(results: NonEmpty<CheckResult>, status: 'fail' | 'inconclusive'): readonly VerdictCode[] {
  const known: ReadonlySet<string> = new Set(VERDICT_CODES);
  const objections = results.filter((r) => r.status === status);
  const found = new Set(objections.map((r) => (r.code !== null && known.has(r.code) ? r.code : 'TOOL_ERROR')));
  return VERDICT_CODES.filter((code) => found.has(code));
}
