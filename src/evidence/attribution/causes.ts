import { MECHANISMS } from '../../domain/evidence.js';
import type { Cause } from '../../domain/outage.js';
import { attachedTooEarly, nextDetachTooEarly, noHealthyInstance } from './attach-rules.js';
import type { CauseContext, CauseLife } from './context.js';
import { drainTimeout, inflightCut, routedToStopped } from './detach-rules.js';
import type { FailureView } from './failure-view.js';
import type { CauseRule, OutageShape } from './rule.js';
import {
  background,
  capacityDip,
  keepaliveRace,
  lbEndpoint,
  newVersionErrors,
  oldNewIncompatible,
} from './service-rules.js';

/** In the order of CAUSE_CODES, which breaks ties. */
export const CAUSE_RULES: readonly CauseRule[] = [
  routedToStopped,
  inflightCut,
  noHealthyInstance,
  nextDetachTooEarly,
  drainTimeout,
  attachedTooEarly,
  newVersionErrors,
  capacityDip,
  oldNewIncompatible,
  lbEndpoint,
  keepaliveRace,
  background,
];

/** A cause is worth printing from here on. */
const SCORE_FLOOR = 0.2;
const UNEXPLAINED: Cause = {
  code: 'UNEXPLAINED',
  score: 0.1,
  target: null,
  sentence: 'nothing the deploy did at that time explains these failures',
  hint: "Look at the failures themselves, and at the application's and the load balancer's logs of that time.",
};

/**
 * What may have caused an outage, best first (verdict.md §5): weight × share of its failures that match for some target,
 * told for the target that matches most: one cause may strike in two stages that fail without a gap between them. All
 * from 0.2 on; UNEXPLAINED when there are none.
 */
export function causesOf(
  failures: readonly FailureView[],
  outage: OutageShape,
  context: CauseContext,
): readonly [Cause, ...Cause[]] {
  const found = CAUSE_RULES.flatMap((rule) => bestCause(rule, failures, outage, context) ?? []);
  const [first, ...rest] = found.filter((cause) => cause.score >= SCORE_FLOOR).sort((a, b) => b.score - a.score);
  return first === undefined ? [UNEXPLAINED] : [first, ...rest];
}

function candidates(rule: CauseRule, context: CauseContext): readonly (CauseLife | null)[] {
  return rule.perTarget ? context.lives : [null];
}

function bestCause(
  rule: CauseRule,
  failures: readonly FailureView[],
  outage: OutageShape,
  context: CauseContext,
): Cause | null {
  const explained = new Set<FailureView>();
  let best: { readonly life: CauseLife | null; readonly matched: readonly FailureView[] } | null = null;
  for (const life of candidates(rule, context)) {
    const matched = failures.filter((f) => rule.matches(f, life, context, outage));
    for (const f of matched) explained.add(f);
    if (matched.length > (best?.matched.length ?? 0)) best = { life, matched };
  }
  if (best === null) return null;
  const { life, matched } = best;
  const told = rule.tell({ failures: matched, of: failures.length, life }, context);
  const score = (rule.weight * explained.size) / failures.length;
  return { code: rule.code, score, target: life?.target ?? null, ...told };
}

/**
 * Whether a failure witnesses a mechanism of the deploy: its heaviest matching rule is one of the first six, and it
 * names a target or was made by the balancer.
 */
export function isMechanism(failure: FailureView, outage: OutageShape, context: CauseContext): boolean {
  if (failure.target < 0 && failure.origin !== 'lb') return false;
  let best: CauseRule | null = null;
  for (const rule of CAUSE_RULES) {
    if (best !== null && rule.weight <= best.weight) continue;
    if (candidates(rule, context).some((life) => rule.matches(failure, life, context, outage))) best = rule;
  }
  return best !== null && MECHANISMS.includes(best.code);
}
