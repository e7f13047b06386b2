import { ORIGINS, type Origin, SAMPLE_CLASSES, type SampleClass } from '../domain/outage.js';
import type { ErrorPhase } from '../domain/sample.js';
import { codeMeaning } from './classify-codes.js';

/** What one request came back with, before any judgement. Null = absent. */
export interface RawOutcome {
  /** Error code as in the samples' `error` column; null = a whole response was read. */
  readonly code: string | null;
  /** The error's text, where the engine gives one. Untrusted. */
  readonly message?: string;
  readonly phase: ErrorPhase;
  readonly status: number | null;
  readonly statusText: string | null;
  readonly server: string | null;
  /** False when fewer body bytes came than were announced. */
  readonly complete: boolean;
  /** Null = not checked. */
  readonly bodyOk: boolean | null;
  /** Identity header, whatever it says: any stamp proves that an application answered. */
  readonly target: string | null;
}

/** What counts as a success of one request. */
export interface SuccessRule {
  /** Inclusive status ranges. */
  readonly expect: readonly (readonly [number, number])[];
  /** Whether the scenario asks for a text in the body: a success without that check is none. */
  readonly checksBody?: boolean;
}

export interface ClassifyRules extends SuccessRule {
  readonly dns: 'unknown' | 'fail';
  /** Share of the baseline's successes that carried a stamp; from 0.99 on, a missing one speaks for the balancer. */
  readonly stampCoverage: number;
}

export interface Classified {
  readonly class: SampleClass;
  readonly origin: Origin;
  /** Whether the sample counts at all; the rest is unknown, neither success nor failure. */
  readonly admissible: boolean;
  readonly failed: boolean;
  /** A stalled client can fake it: unknown when it meets a recorded stall. */
  readonly forgeable: boolean;
}

const STAMPS_TRUSTED_FROM = 0.99;

/** Reason phrases only a Classic ELB writes (verdict.md S10). */
const BALANCER_PHRASES: ReadonlySet<string> = new Set([
  'Service Unavailable: Back-end server is at capacity',
  'GATEWAY_TIMEOUT',
  'BAD_GATEWAY',
]);

/** Whether the response head itself says that the load balancer wrote it. */
export function isBalancerSigned(statusText: string | null, server: string | null): boolean {
  return (server !== null && /^awselb\//i.test(server)) || (statusText !== null && BALANCER_PHRASES.has(statusText));
}

function responder(raw: RawOutcome, rules: ClassifyRules): Origin {
  if (raw.target !== null) return 'app';
  if (isBalancerSigned(raw.statusText, raw.server)) return 'lb';
  return rules.stampCoverage >= STAMPS_TRUSTED_FROM ? 'lb' : 'unknown';
}

const ORIGIN_OF_CLASS: Partial<Record<SampleClass, Origin>> = {
  client: 'client',
  dropped: 'client',
  aborted: 'client',
  dns: 'unknown',
  timeout: 'unknown',
  other: 'unknown',
  assertion: 'app',
};

function judged(kind: SampleClass, rules: ClassifyRules, origin?: Origin): Classified {
  const unknown =
    kind === 'client' || kind === 'dropped' || kind === 'aborted' || (kind === 'dns' && rules.dns === 'unknown');
  return {
    class: kind,
    origin: origin ?? ORIGIN_OF_CLASS[kind] ?? 'path',
    admissible: !unknown,
    failed: !unknown && kind !== 'ok',
    forgeable: kind === 'unreachable' || kind === 'timeout',
  };
}

/** A status the scenario does not expect: who wrote it, and which kind it is. */
function unexpectedStatus(status: number, origin: Origin): SampleClass {
  if (status >= 500) return origin === 'app' ? 'http_5xx_app' : origin === 'lb' ? 'http_5xx_lb' : 'http_5xx';
  return status >= 400 ? 'http_4xx' : 'http_status';
}

function classifyResponse(status: number, raw: RawOutcome, rules: ClassifyRules): Classified {
  if (raw.phase === 'body' || !raw.complete) return judged('truncated', rules);
  const origin = responder(raw, rules);
  if (!rules.expect.some(([from, to]) => status >= from && status <= to)) {
    return judged(unexpectedStatus(status, origin), rules, origin);
  }
  if (raw.bodyOk === false) return judged('assertion', rules);
  return isWholeSuccess(raw, rules) ? judged('ok', rules, origin) : judged('aborted', rules);
}

/**
 * A record that names the phase it broke in and no error contradicts itself, and a body that was to be checked and was
 * not leaves the answer open: neither is a success.
 */
function isWholeSuccess(raw: RawOutcome, rules: ClassifyRules): boolean {
  const isConsistent = raw.code !== null || raw.phase === 'none';
  return isConsistent && (rules.checksBody !== true || raw.bodyOk !== null);
}

/** The class an error code gives, refined by where in the request it struck. */
function classOfError(kind: SampleClass, raw: RawOutcome): SampleClass {
  const ours = kind === 'client' || kind === 'dropped' || kind === 'aborted';
  // c-ares reports refused and timed-out look-ups with the codes of sockets.
  if (raw.phase === 'dns' && !ours) return 'dns';
  const cutBody = raw.phase === 'body' || (raw.phase === 'none' && !raw.complete);
  return kind === 'reset' && cutBody ? 'truncated' : kind;
}

/**
 * One outcome by the taxonomy of verdict.md §1.2, first match wins. Neither an error nor a status is no
 * measurement, so it is unknown (`aborted`), never a success.
 */
export function classifyOutcome(raw: RawOutcome, rules: ClassifyRules): Classified {
  if (raw.code !== null) {
    const meaning = codeMeaning(raw.code, raw.message ?? '');
    if ('class' in meaning) return judged(classOfError(meaning.class, raw), rules);
    return classifyResponse(raw.status ?? meaning.status, raw, rules);
  }
  if (raw.status === null || raw.status === 0) return judged('aborted', rules);
  return classifyResponse(raw.status, raw, rules);
}

/** Class and origin as their index in SAMPLE_CLASSES and ORIGINS. */
export function codesOf(outcome: Classified): { readonly class: number; readonly origin: number } {
  return { class: SAMPLE_CLASSES.indexOf(outcome.class), origin: ORIGINS.indexOf(outcome.origin) };
}
