import type { ExpectedEnd } from '../../src/domain/scenario.js';

/** How one row of the matrix ended. `failed` and `judged` count requests; `cause` is the best one of the worst outage. */
export interface Outcome {
  readonly verdict: ExpectedEnd['verdict'] | 'ERROR';
  readonly codes: readonly string[];
  readonly causes: readonly string[];
  readonly failed: number;
  readonly judged: number;
  readonly exitCode: number | null;
  /** What the program said, for the message of a failing test. */
  readonly said: string;
}

export const EXIT_CODES = { PASS: 0, FAIL: 1, INCONCLUSIVE: 2, REFUSED: 3 } as const;

/** What is not as the scenario file says it must be; empty when all of it is. */
export function surprises(end: ExpectedEnd, seen: Outcome): string[] {
  const found: string[] = [];
  if (seen.verdict !== end.verdict) found.push(`verdict ${seen.verdict} instead of ${end.verdict}`);
  if (seen.exitCode !== EXIT_CODES[end.verdict])
    found.push(`exit ${seen.exitCode} instead of ${EXIT_CODES[end.verdict]}`);
  for (const code of end.codes) if (!seen.codes.includes(code)) found.push(`code ${code} is missing`);
  if (end.cause !== null && !seen.causes.includes(end.cause))
    found.push(`no outage blames ${end.cause} first, but ${[...new Set(seen.causes)].join(', ') || 'nothing'}`);
  if (end.verdict === 'PASS' && seen.failed > 0) found.push(`${seen.failed} requests failed`);
  return found;
}
