import { RollproofError } from '../domain/errors.js';
import { ToolMissing } from '../lab/tool-missing.js';

/** Why a lab did not start, as a person is told it; `hint` is for every cause that does not bring its own. */
export function labStartError(cause: unknown, hint: string): RollproofError {
  const message = `the lab did not start: ${cause instanceof Error ? cause.message : String(cause)}`;
  if (cause instanceof ToolMissing) return new RollproofError('TOOL_MISSING', message, { hint: cause.hint, cause });
  return new RollproofError('LAB_START_FAILED', message, { hint, cause });
}
