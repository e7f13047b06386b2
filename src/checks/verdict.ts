import type { Evidence } from '../domain/evidence.js';
import type { Outage } from '../domain/outage.js';
import type { Instant } from '../domain/time.js';
import type { CheckResult, Verdict } from '../domain/verdict.js';
import { count, counted, listed } from './figures.js';
import type { NonEmpty } from './index.js';
import { type Decision, merge } from './merge.js';
import { movedText } from './targets-replaced.js';

/** What brings other codes with it, so that the sentence names the one thing to look at; the first of several. */
const ROOT_CODES: readonly CheckResult['code'][] = [
  'NO_EVIDENCE',
  'INTERRUPTED',
  'FACTS_INCOMPLETE',
  'DEPLOY_INCOMPLETE',
  'GEN_STALL',
];

/** The merged verdict with the sentence a person reads first, and what to do next. */
export function verdictOf(results: NonEmpty<CheckResult>, evidence: Evidence): Verdict {
  const decision = merge(results, evidence.conduct.interruptedBy);
  const deciding = decidingResults(decision, results);
  return {
    ...decision,
    sentence: sentence(decision, deciding, evidence),
    nextAction: nextAction(decision, deciding, evidence),
  };
}

/** The results behind the codes, in the order of the codes. */
function decidingResults(decision: Decision, results: NonEmpty<CheckResult>): readonly CheckResult[] {
  const status = decision.kind === 'FAIL' ? 'fail' : 'inconclusive';
  return decision.codes.flatMap((code) => results.filter((r) => r.status === status && r.code === code));
}

function sentence(decision: Decision, deciding: readonly CheckResult[], evidence: Evidence): string {
  switch (decision.kind) {
    case 'PASS':
      return passSentence(evidence);
    case 'FAIL':
      return failSentence(decision, deciding, evidence);
    case 'INCONCLUSIVE':
      return `${opening(evidence)}, but that proves nothing yet: ${reasons(deciding)}`;
    case 'ERROR':
      return `no verdict: ${reasons(deciding)}`;
  }
}

function passSentence({ counts, toReplace, replacements, outages }: Evidence): string {
  const rolled = `${listed(toReplace)} ${toReplace.length === 1 ? 'was' : 'were'} replaced`;
  const what = `${count(counts.failed)} of ${count(counts.judged)} requests failed while ${movedText(replacements) ?? rolled}`;
  const first = outages[0]?.causes[0];
  return first === undefined ? what : `${what}, which the policy tolerates: ${first.sentence}`;
}

function failSentence(decision: Decision, deciding: readonly CheckResult[], evidence: Evidence): string {
  const worst = toldOutage(evidence.outages);
  const others = deciding.filter((r) => r.code === 'STALE_VERSION' || r.code === 'SLOW_REQUESTS').map((r) => r.message);
  const aboutFailures = decision.codes.some((code) => code !== 'STALE_VERSION' && code !== 'SLOW_REQUESTS');
  const { counts, outages, mechanism } = evidence;
  if (!aboutFailures || outages.length === 0)
    return (aboutFailures ? deciding.map((r) => r.message) : others).join('; ');
  const failed = `${count(counts.failed)} of ${count(counts.judged)} requests failed`;
  if (worst === null) {
    const tied = `${counted(mechanism, 'of them is', 'of them are')} tied to a step of the deploy by target, time and kind`;
    return [`${failed}: ${mechanism > 0 ? tied : 'more than fail without a deploy'}`, ...others].join('; ');
  }
  const which = worst === worstOutage(outages) ? 'the largest' : 'one of them';
  const more =
    outages.length === 1 ? '' : `, in ${count(outages.length)} outages; in ${which} ${count(worst.failures)} failed`;
  return [`${failed}${more} ${place(worst)}: ${worst.causes[0].sentence}`, ...others].join('; ');
}

/** The outage to tell of a failed deploy: what fails without any deploy as well is not why it failed. */
function toldOutage(outages: readonly Outage[]): Outage | null {
  return worstOutage(outages.filter((outage) => outage.causes[0].code !== 'BACKGROUND'));
}

/** Most failures; the first of several. */
function worstOutage(outages: readonly Outage[]): Outage | null {
  return outages.reduce<Outage | null>((worst, o) => (worst === null || o.failures > worst.failures ? o : worst), null);
}

function place(outage: Outage): string {
  const from = clockTime(Math.min(outage.startHi, outage.endLo));
  const to = clockTime(Math.max(outage.startHi, outage.endLo));
  const when =
    outage.failures === 1 ? `at ${clockTime(outage.endLo)}` : from === to ? `at ${from}` : `between ${from} and ${to}`;
  const step = outage.stepBefore === null ? '' : `, after the step ${outage.stepBefore} began`;
  return `${when}${step}`;
}

/** Minutes, seconds and tenths since the run's origin: `0:35.0`. */
function clockTime(at: Instant): string {
  const tenths = Math.max(0, Math.round(at / 100));
  const seconds = String(Math.floor(tenths / 10) % 60).padStart(2, '0');
  return `${Math.floor(tenths / 600)}:${seconds}.${tenths % 10}`;
}

function opening({ counts, window }: Evidence): string {
  if (window === null) return 'no target was detached';
  return `${count(counts.failed)} of ${count(counts.judged)} requests failed`;
}

function reasons(deciding: readonly CheckResult[]): string {
  const root = rootOf(deciding);
  const more = deciding.length - 1;
  return `${root?.message ?? 'nothing was judged'}${more > 0 ? ` (and ${more} more ${more === 1 ? 'reason' : 'reasons'})` : ''}`;
}

function rootOf(deciding: readonly CheckResult[]): CheckResult | undefined {
  const roots = ROOT_CODES.flatMap((code) => deciding.filter((r) => r.code === code));
  return roots[0] ?? deciding[0];
}

function nextAction(decision: Decision, deciding: readonly CheckResult[], evidence: Evidence): string | null {
  if (decision.kind === 'PASS') return null;
  const byFailures = deciding.find((r) => r.code !== 'STALE_VERSION' && r.code !== 'SLOW_REQUESTS');
  if (decision.kind === 'FAIL' && byFailures !== undefined)
    return longestSleep(evidence) ?? toldOutage(evidence.outages)?.causes[0].hint ?? byFailures.hint;
  const root = rootOf(deciding);
  if (root !== undefined && ROOT_CODES.includes(root.code)) return root.hint;
  const hints = [...new Set(deciding.flatMap((r) => (r.hint === null ? [] : [r.hint])))];
  return hints.slice(0, 2).join(' ') || null;
}

/** Where the sleep after a detach was too short for several targets, the longest need counts. */
function longestSleep({ outages, timeline }: Evidence): string | null {
  if (toldOutage(outages)?.causes[0].code !== 'ROUTED_TO_STOPPED') return null;
  const needs = outages.flatMap((outage) => {
    const { code, target, hint } = outage.causes[0];
    const detach = timeline.calls.findLast((call) => call.operation === 'detach' && call.target === target);
    if (code !== 'ROUTED_TO_STOPPED' || detach === undefined) return [];
    return [{ hint, ms: Math.max(outage.startHi, outage.endLo) - detach.respondedAt }];
  });
  return needs.sort((a, b) => b.ms - a.ms)[0]?.hint ?? null;
}
