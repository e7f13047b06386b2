import type { ErrorCode } from '../domain/errors.js';
import { RollproofError } from '../domain/errors.js';
import { lineOf, type Place } from './source.js';

/** Keys and list indexes from the root of the scenario. */
export type KeyPath = readonly (string | number)[];

/** One thing wrong (or doubtful: a warning) in a scenario file, at the place where it was written. */
export interface ScenarioProblem {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units; a tab is one. */
  readonly column: number;
  /** Dotted, e.g. `targets[1].id`; empty for the file as a whole. */
  readonly path: string;
  readonly message: string;
  readonly hint: string | null;
  /** The whole line it stands on: untrusted text, escaped by `formatProblems`. */
  readonly sourceLine: string;
}

/** Every problem of a scenario at once, so that a person fixes the file in one go. Exit code 64. */
export class ScenarioProblems extends RollproofError {
  readonly problems: readonly [ScenarioProblem, ...ScenarioProblem[]];
  constructor(
    code: Extract<ErrorCode, 'SCENARIO_INVALID' | 'SCENARIO_NOT_FOUND'>,
    problems: readonly [ScenarioProblem, ...ScenarioProblem[]],
    options: { readonly cause?: unknown } = {},
  ) {
    const [first] = problems;
    const more = problems.length === 1 ? '' : ` (and ${problems.length - 1} more)`;
    const where = `${first.file}:${first.line}:${first.column}`;
    super(code, `${where}${first.path === '' ? '' : ` ${first.path}`}: ${first.message}${more}`, {
      hint: first.hint,
      cause: options.cause,
    });
    this.name = 'ScenarioProblems';
    this.problems = problems;
  }
}

/** Builds a problem from a place; the only way one comes into being. */
export function problemAt(place: Place, path: KeyPath, message: string, hint: string | null): ScenarioProblem {
  const { line, column, text } = lineOf(place);
  return { file: place.source.file, line, column, path: dotted(path), message, hint, sourceLine: text };
}

/** `['targets', 1, 'id']` → `targets[1].id`; keys that would be ambiguous are quoted. */
export function dotted(path: KeyPath): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (/^[\w-]+$/.test(part)) text += text === '' ? part : `.${part}`;
    else text += `[${JSON.stringify(part)}]`;
  }
  return text;
}
