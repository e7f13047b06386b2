import type { RunResult } from '../domain/result.js';
import { canonical } from './json.js';

/**
 * `derived/failures.ndjson`: one JSON object per failed request in time order. When more failed than the result
 * keeps, the last line is `{"failuresOmitted":N}`: a list that is not whole must say so.
 */
export function renderFailures(result: RunResult): string {
  const lines = result.failures.map(canonical);
  if (result.failuresOmitted > 0) lines.push(canonical({ failuresOmitted: result.failuresOmitted }));
  return lines.map((line) => `${line}\n`).join('');
}
