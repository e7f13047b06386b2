import { formatDuration } from '../../domain/time.js';
import { detachBegunAt, detachedFrom } from '../observed-calls.js';
import type { CauseContext, CauseLife } from './context.js';
import type { FailureView } from './failure-view.js';
import {
  type CauseRule,
  giveOrTake,
  hitsEverybody,
  isAtDarkNode,
  isStopped,
  largest,
  mayBeRouted,
  maybeBalancer5xx,
  maybeBy,
  mayHaveNobody,
  requests,
  wasLetGoBeforeStop,
} from './rule.js';

/** How far from the drain limit a cut still counts as made by it. */
const DRAIN_SLACK_MS = 1000;

function sleepHad(life: CauseLife): string {
  if (life.sleepMs !== null) return `had ${formatDuration(life.sleepMs)}`;
  const waited = life.deployStartedAt === null ? null : life.deployStartedAt - life.detachRespondedAt;
  return waited === null ? 'had none' : `waited ${formatDuration(waited)}${giveOrTake([life], 'detach')}`;
}

/** Who has to wait longer: the scenario's own sleep, or the deploy that somebody else wrote. */
function waitHint(life: CauseLife, seconds: string): string {
  return life.observed === true
    ? `Let the deploy wait at least ${seconds} between the detach and the stop of the application.`
    : `Raise rollout.sleep.afterDetach to at least ${seconds}.`;
}

/** Rounded up to a tenth of a second, so that the figure given is never too small. */
function atLeast(ms: number): string {
  return formatDuration(Math.ceil(ms / 100) * 100);
}

/** A whole number of seconds that covers it. */
export function coveringSeconds(ms: number): string {
  return formatDuration(Math.max(1, Math.ceil(ms / 1000)) * 1000);
}

/** The balancer sent a request to a target whose application had stopped. */
export const routedToStopped: CauseRule = {
  code: 'ROUTED_TO_STOPPED',
  weight: 1,
  perTarget: true,
  matches(f, life, context, outage) {
    if (life === null || !maybeBy(f, life, context) || !isStopped(life, f.sentAt)) return false;
    const isClass = maybeBalancer5xx(f) || f.class === 'refused' || f.class === 'reset' || f.class === 'timeout';
    // With nobody in service the balancer answers every request itself: that is another cause.
    if (!isClass || mayHaveNobody(f, context, outage)) return false;
    if (mayBeRouted(f, life)) return true;
    // A dead target that fails fast may draw all requests of a balancer that counts those outstanding, and hide so from
    // the test of the rotation. A node that had let go of it before its application stopped cannot be drawn to it.
    return life.failsStopped && !wasLetGoBeforeStop(f, life) && !hitsEverybody(f, outage, context);
  },
  tell({ failures, life }) {
    if (life === null) return { sentence: '', hint: '' };
    // An application that came up again before the balancer let go of it served the last of what was routed to it.
    const last = Math.max(largest(failures.map((f) => f.sentAt)), life.lastRoutedAt ?? Number.NEGATIVE_INFINITY);
    const stopped = life.stopIsExact ? 'its application stopped' : 'its deploy began';
    const after = formatDuration(last - (life.stopAt ?? last));
    const need = last - life.detachRespondedAt;
    return {
      sentence: `the load balancer still routed to ${life.target} ${after} after ${stopped}; this deploy needed a sleep of at least ${atLeast(need)} and ${sleepHad(life)}`,
      hint: waitHint(life, coveringSeconds(last - detachedFrom(life))),
    };
  },
};

/** Requests being served were cut when the application stopped. */
export const inflightCut: CauseRule = {
  code: 'INFLIGHT_CUT',
  weight: 1,
  perTarget: true,
  matches(f, life, context) {
    if (life === null || life.stopAt === null || !maybeBy(f, life, context)) return false;
    if (f.class !== 'reset' && f.class !== 'truncated' && !maybeBalancer5xx(f)) return false;
    // What a balancer node without anybody answered was at no target when the application stopped.
    if (isAtDarkNode(f, context)) return false;
    // A stray failure near a stop is not a cut one: it must have been routed there.
    if (f.target !== life.index && !mayBeRouted(f, life)) return false;
    const end = life.appUpAt ?? life.attachRequestedAt ?? Number.POSITIVE_INFINITY;
    return f.sentAt < life.stopAt && f.endedAt + context.deltaMs >= life.stopAt && f.endedAt - context.deltaMs <= end;
  },
  tell({ failures, life }) {
    if (life === null) return { sentence: '', hint: '' };
    const oldest = largest(
      failures.map((f) => Math.min(f.endedAt, Math.max(life.appDownAt ?? f.endedAt, life.stopAt ?? 0)) - f.sentAt),
    );
    const were = failures.length === 1 ? 'was' : 'were';
    const ran = failures.length === 1 ? 'it' : 'the oldest';
    const stopped = life.stopIsExact
      ? `the application on ${life.target} stopped`
      : `the deploy stopped the application on ${life.target}`;
    const need = largest(failures.map((f) => f.endedAt)) - detachedFrom(life);
    const wait = life.observed === true ? 'let the deploy wait after the detach' : 'raise rollout.sleep.afterDetach';
    return {
      sentence: `${stopped} before the drain finished: ${requests(failures.length)} ${were} cut, ${ran} had run ${formatDuration(oldest)}`,
      hint: `Let the application finish its requests before it exits, or ${wait} well above ${atLeast(Math.max(need, 0))}: it must cover the longest request.`,
    };
  },
};

/** The balancer closed what was still in flight when its drain limit was reached, or at once with draining off. */
export const drainTimeout: CauseRule = {
  code: 'DRAIN_TIMEOUT',
  weight: 0.95,
  perTarget: true,
  matches(f, life, context) {
    if (life === null || context.drainTimeoutMs === null || !maybeBy(f, life, context)) return false;
    if (f.class !== 'reset' && f.class !== 'truncated' && !maybeBalancer5xx(f)) return false;
    return (
      mayBeRouted(f, life) && f.endedAt >= detachBegunAt(life) && ranForLimit(f, context) && isAtLimit(f, life, context)
    );
  },
  tell({ failures, life }, context) {
    if (life === null) return { sentence: '', hint: '' };
    const cut = requests(failures.length);
    if (context.drainingOff) {
      return {
        sentence: `connection draining is off: detaching ${life.target} cut ${cut} in flight`,
        hint: 'Switch connection draining on, with a timeout longer than the longest request.',
      };
    }
    const limit = formatDuration(context.drainTimeoutMs ?? 0);
    const oldest = formatDuration(largest(failures.map((f) => f.endedAt - f.sentAt)));
    return {
      sentence: `the drain limit of ${limit} cut ${cut} on ${life.target}, the oldest had run ${oldest}`,
      hint: 'Raise the connection draining timeout above the longest request, and the sleep after detach with it.',
    };
  },
};

/** What the limit cut was in flight before its node stopped routing to the target: it ran for about the limit. */
function ranForLimit(f: FailureView, context: CauseContext): boolean {
  const limit = context.drainTimeoutMs ?? 0;
  return f.endedAt - f.sentAt >= limit - Math.min(DRAIN_SLACK_MS, limit / 2);
}

/** Each node of the balancer learns of the detach up to the detach lag later, and counts its limit from then. */
function isAtLimit(f: FailureView, life: CauseLife, context: CauseContext): boolean {
  const limit = life.detachRespondedAt + (context.drainTimeoutMs ?? 0);
  const earliest = detachedFrom(life) + (context.drainTimeoutMs ?? 0);
  const lag = Number.isFinite(life.maybeRoutedUntil) ? Math.max(0, life.maybeRoutedUntil - life.detachRespondedAt) : 0;
  return f.endedAt >= earliest - DRAIN_SLACK_MS && f.endedAt <= limit + lag + DRAIN_SLACK_MS;
}
