import type { CauseCode } from '../../domain/outage.js';
import { formatDuration } from '../../domain/time.js';
import { NO_TARGET } from '../judged-samples.js';
import { attachBegunAt, detachBegunAt } from '../observed-calls.js';
import type { CauseContext, CauseLife } from './context.js';
import { type DarkSpan, darkSpanAt } from './dark-nodes.js';
import { type FailureView, isAtAddress } from './failure-view.js';

/** The outage a rule looks at, as far as rules may depend on it. */
export interface OutageShape {
  readonly kind: 'single' | 'partial' | 'full';
  readonly failures: number;
}

/** What a rule has to tell a story with: at least one failure that matched. */
export interface CauseMatch {
  readonly failures: readonly FailureView[];
  /** Failures of the whole outage. */
  readonly of: number;
  readonly life: CauseLife | null;
}

/** One row of the cause table of verdict.md §5. */
export interface CauseRule {
  readonly code: CauseCode;
  readonly weight: number;
  /** Asked once per life of a target, or once with null. */
  readonly perTarget: boolean;
  readonly matches: (
    failure: FailureView,
    life: CauseLife | null,
    context: CauseContext,
    outage: OutageShape,
  ) => boolean;
  /** One sentence with figures, and what to do. */
  readonly tell: (match: CauseMatch, context: CauseContext) => { readonly sentence: string; readonly hint: string };
}

/**
 * `target ∈ {x, null}`: answered by that target, or by nobody who gave a name. What failed at the address of a balancer
 * that takes connections itself never got as far as a target.
 */
export function maybeBy(failure: FailureView, life: CauseLife, context: CauseContext): boolean {
  if (failure.target === life.index) return true;
  return failure.target === NO_TARGET && !isOfBalancer(failure, context);
}

/** It failed at the balancer's own address. */
export function isOfBalancer(failure: FailureView, context: CauseContext): boolean {
  return context.spreadsRequests && isAtAddress(failure.class, failure.errorPhase);
}

/** The balancer node that took this request may still have routed to the target then. */
export function mayBeRouted(failure: FailureView, life: CauseLife): boolean {
  return failure.sentAt <= routedUntilBy(failure, life);
}

/** The balancer node that took this request no longer routed to the target when its application stopped. */
export function wasLetGoBeforeStop(failure: FailureView, life: CauseLife): boolean {
  return life.stopAt !== null && routedUntilBy(failure, life) < life.stopAt;
}

function routedUntilBy(failure: FailureView, life: CauseLife): number {
  return life.routedUntil.get(failure.node) ?? life.maybeRoutedUntil;
}

/** Chance that a fault of one target hits every request by itself. */
const ALL_BY_CHANCE = 0.001;

/**
 * Nothing got through although other targets were in service: no single target does that, unless the balancer prefers
 * whoever fails fastest. Counts against a target of which nothing else shows that it was asked at all.
 */
export function hitsEverybody(failure: FailureView, outage: OutageShape, context: CauseContext): boolean {
  if (outage.kind !== 'full') return false;
  const open = context.targetIds.filter(
    (_, index) => !context.lives.some((life) => life.index === index && isOut(life, failure.sentAt)),
  ).length;
  return open > 0 && (1 / (open + 1)) ** (outage.failures - 1) <= ALL_BY_CHANCE;
}

/** A 5xx the balancer made, or may have made: who made it is not known. */
export function maybeBalancer5xx(failure: FailureView): boolean {
  return failure.class === 'http_5xx_lb' || failure.class === 'http_5xx';
}

/** Every target was out at that moment: detached, and not yet serving again. */
export function allOut(at: number, context: CauseContext): boolean {
  return context.targetIds.every((_, index) => context.lives.some((life) => life.index === index && isOut(life, at)));
}

/** Shorter darkness may be nothing but the gap between two answers. */
const DARK_MS = 100;

/** The application was stopping or down and not yet up again. */
export function isStopped(life: CauseLife, at: number): boolean {
  return (
    life.stopAt !== null &&
    at >= life.stopAt &&
    at < (life.appUpAt ?? life.attachRequestedAt ?? Number.POSITIVE_INFINITY)
  );
}

/**
 * The balancer node of this request had nobody in service: it answered everything itself since some target was out, and had
 * shown that while the application of each of these still ran and none of them was back. A stopped or a just attached
 * target that fails fastest is preferred by a balancer that counts requests outstanding and looks the same from outside.
 * Not so either where what was left was overloaded.
 */
export function isAtDarkNode(failure: FailureView, context: CauseContext): boolean {
  const span = darkSpanAt(context.darkNodes, failure.node, failure.sentAt);
  if (span === null) return false;
  const out = context.lives.filter((life) => detachBegunAt(life) <= span.from && isOut(life, failure.sentAt));
  return out.length > 0 && out.every((life) => !life.isDip && !mayHaveBeenAsked(life, span));
}

/** Its application was down, or it had been attached again, for some of the time until the span had shown itself. */
function mayHaveBeenAsked(life: CauseLife, { from, shownAt }: DarkSpan): boolean {
  const upAt = life.appUpAt ?? life.attachRequestedAt ?? Number.POSITIVE_INFINITY;
  const wasDown = life.stopAt !== null && shownAt >= life.stopAt && from < upAt;
  return wasDown || (life.attachRequestedAt !== null && shownAt > life.attachRequestedAt);
}

/**
 * The balancer may have had nobody to send this request to. Its node was dark, or all targets were out, and either nothing at all was served in the outage, or there was
 * a span in it in which no target served while some nodes had not yet let go of the last one before: a node without
 * anybody already answers 503 then, although another still serves.
 */
export function mayHaveNobody(failure: FailureView, context: CauseContext, outage: OutageShape): boolean {
  if (!maybeBalancer5xx(failure) || failure.target !== NO_TARGET) return false;
  if (isAtDarkNode(failure, context)) return true;
  if (!allOut(failure.sentAt, context)) return false;
  if (outage.kind === 'full') return true;
  const out = context.lives.filter((life) => isOut(life, failure.sentAt));
  const from = largest(out.map((life) => life.lastRoutedAt ?? life.detachRespondedAt));
  const to = -largest(out.map((life) => -(life.firstOkAt ?? context.window.to)));
  return to - from > DARK_MS;
}

/** From its detach until every node that is seen sent to it again. */
export function isOut(life: CauseLife, at: number): boolean {
  return at >= detachBegunAt(life) && at < (life.backAt ?? Number.POSITIVE_INFINITY);
}

/** The life that had been attached again, but did not yet serve, when `life` was detached. */
export function notYetBack(life: CauseLife, context: CauseContext): CauseLife | null {
  const open = context.lives.filter(
    (x) =>
      x !== life &&
      (attachBegunAt(x) ?? Number.POSITIVE_INFINITY) <= detachBegunAt(life) &&
      isOut(x, detachBegunAt(life)),
  );
  return open.at(-1) ?? null;
}

/** How far times that were only seen from outside may be off, in words behind a figure; empty for exact ones. */
export function giveOrTake(lives: readonly (CauseLife | null)[], of: 'detach' | 'attach' | 'both'): string {
  const offMs = lives.reduce((most, life) => {
    if (life?.observed !== true) return most;
    const detach = of === 'attach' ? 0 : life.detachRespondedAt - life.detachRequestedAt;
    const attach =
      of === 'detach' || life.attachRespondedAt === null
        ? 0
        : life.attachRespondedAt - (life.attachRequestedAt ?? life.attachRespondedAt);
    return Math.max(most, detach, attach);
  }, 0);
  return offMs === 0 ? '' : ` (give or take ${formatDuration(offMs)})`;
}

/** `1 request`, `6 requests`. */
export function requests(n: number): string {
  return n === 1 ? '1 request' : `${n} requests`;
}

/** The largest of many figures (a spread argument list would overflow on a long outage); −∞ of none. */
export function largest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
}
