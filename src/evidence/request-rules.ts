import { LANES, type SampleTable } from '../domain/sample.js';
import type { OkRule, Service } from '../domain/scenario.js';
import type { SuccessRule } from './classify-outcome.js';

type Ranges = SuccessRule['expect'];

/** The rule a row is judged by. */
export type RuleOfRow = (table: SampleTable, row: number) => SuccessRule;

const LONG = LANES.indexOf('long');

/**
 * Success by request. Lane long sends the service's own request and goes by the service's rule. Another row that does not
 * say which of several requests it was must satisfy every rule, for it may have been any of them; so must all rows of a
 * table that knows no requests (traffic fired elsewhere).
 */
export function requestRules({ ok, requests = [] }: Pick<Service, 'ok' | 'requests'>): RuleOfRow {
  const own = successRule(ok);
  if (requests.length === 0) return () => own;
  const byName = new Map(requests.map((request) => [request.name, successRule(request.ok ?? ok)]));
  const strictest = [own, ...byName.values()].reduce((a, b) => ({
    expect: common(a.expect, b.expect),
    checksBody: a.checksBody === true || b.checksBody === true,
  }));
  return (table, row) => {
    if (table.request === undefined) return strictest;
    if (table.lane.at(row) === LONG) return own;
    const name = table.request.values[table.request.codes.at(row)] ?? null;
    return (name === null ? undefined : byName.get(name)) ?? strictest;
  };
}

/** The rule of a request by its name; null and strangers go by the service's. */
export function ruleOfRequest(
  { ok, requests = [] }: Pick<Service, 'ok' | 'requests'>,
  name: string | null,
): SuccessRule {
  return successRule(requests.find((request) => request.name === name)?.ok ?? ok);
}

function successRule({ status, bodyContains }: OkRule): SuccessRule {
  return { expect: status, checksBody: bodyContains != null };
}

/** The codes that lie in both. */
function common(a: Ranges, b: Ranges): Ranges {
  return a.flatMap(([from, to]) =>
    b.flatMap(([low, high]): Ranges => {
      const [first, last] = [Math.max(from, low), Math.min(to, high)];
      return first <= last ? [[first, last]] : [];
    }),
  );
}
