import { ScenarioProblems } from '../config/problem.js';
import { formatProblems } from '../config/problem-text.js';
import { RollproofError } from '../domain/errors.js';
import { plainBlock, plainLine } from '../report/plain-text.js';
import type { Io } from './io.js';

/** What a person sees of an error: what is wrong, and what to do. A fault of ours shows its stack. */
export function errorText(error: unknown, io: Pick<Io, 'env'>): string {
  if (error instanceof ScenarioProblems) return `${formatProblems(error.problems)}\n`;
  if (error instanceof RollproofError && error.code !== 'INTERNAL') {
    const hint = error.hint === null ? '' : `  hint: ${plainLine(error.hint)}\n`;
    return `rollproof: ${plainLine(error.message)}\n${hint}`;
  }
  const cause = error instanceof RollproofError && error.cause !== undefined ? error.cause : error;
  const stack = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  return `rollproof: internal error: ${error instanceof Error ? plainLine(error.message) : ''}\n${io.env.ROLLPROOF_DEBUG === undefined ? '  hint: this is a fault of rollproof; run again with ROLLPROOF_DEBUG=1 and report the stack\n' : `${plainBlock(stack)}\n`}`;
}
