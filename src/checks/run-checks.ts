import type { Evidence } from '../domain/evidence.js';
import type { Policy } from '../domain/scenario.js';
import type { CheckResult } from '../domain/verdict.js';
import { type Check, inconclusive } from './check.js';
import type { NonEmpty } from './index.js';

/** What TOOL_ERROR means; it belongs to no single check. */
export const TOOL_ERROR_DOC =
  'A check crashed: a fault of rollproof itself, neither success nor failure of the deploy.';

/** Runs every check; one that throws becomes TOOL_ERROR, which no other result can outvote. */
export function runChecks(checks: NonEmpty<Check>, evidence: Evidence, policy: Policy): NonEmpty<CheckResult> {
  const [first, ...rest] = checks;
  const run = (check: Check): CheckResult => {
    try {
      return check.evaluate(evidence, policy);
    } catch (cause) {
      return inconclusive(check.meta, 'TOOL_ERROR', {
        measured: 'crashed',
        threshold: '',
        message: `the check ${check.meta.id} crashed: ${cause instanceof Error ? cause.message : String(cause)}`,
        hint: 'Please report this with the run directory.',
      });
    }
  };
  return [run(first), ...rest.map(run)];
}
