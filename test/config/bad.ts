import { expect, it } from 'vitest';
import { EXIT } from '../../src/domain/errors.js';
import { refusal } from './memory-io.js';

/** A scenario that must be refused, and everything a person is told about it. */
export interface Bad {
  readonly what: string;
  readonly text: string;
  readonly at: readonly [line: number, column: number];
  readonly path: string;
  readonly message: RegExp;
  readonly hint: RegExp;
  /** Problems in all; one unless the mistake has more sides. */
  readonly problems?: number;
}

/** One test per bad scenario: file, line, column, path, message, hint, exit code, and no second report of one mistake. */
export function itRefuses(table: readonly Bad[]): void {
  it.each(table)('$what', ({ text, at, path, message, hint, problems }) => {
    const error = refusal(text);
    const problem = error.problems.find((each) => each.path === path && message.test(each.message));
    expect(problem, JSON.stringify(error.problems, null, 1)).toBeDefined();
    expect([problem?.line, problem?.column]).toEqual(at);
    expect(problem?.hint).toMatch(hint);
    expect(problem?.file).toBe('s.yaml');
    expect(error.code).toBe('SCENARIO_INVALID');
    expect(error.exitCode).toBe(EXIT.usage);
    expect(error.problems).toHaveLength(problems ?? 1);
  });
}
