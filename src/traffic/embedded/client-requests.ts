import { bodyCheck } from './body-check.js';
import type { ClientRequest } from './connection.js';
import type { Dictionary } from './dictionary.js';
import type { RequestKind } from './request.js';

/**
 * The workload's requests as the client sees them, by kind. Their names go into the dictionary first and in order, so that
 * the code of a name is the number of its kind.
 */
export function clientRequests(kinds: readonly RequestKind[], names: Dictionary): readonly ClientRequest[] {
  return kinds.map(({ name, headOnly, ok }) => ({
    code: name === null ? 0 : names.codeOfText(name),
    headOnly,
    body: bodyCheck(ok.bodyContains),
  }));
}
