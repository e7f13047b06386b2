import { formatDuration } from '../../domain/time.js';
import { attachBegunAt, attachedFrom, detachBegunAt } from '../observed-calls.js';
import type { CauseContext, CauseLife } from './context.js';
import { coveringSeconds } from './detach-rules.js';
import type { FailureView } from './failure-view.js';
import {
  allOut,
  type CauseRule,
  giveOrTake,
  hitsEverybody,
  isOfBalancer,
  isOut,
  maybeBy,
  mayHaveNobody,
  notYetBack,
} from './rule.js';

/** How long after its attach a target served again, in words. */
function backAfter(life: CauseLife): string {
  const attachedAt = attachBegunAt(life);
  if (attachedAt === null) return 'was not attached again';
  if (life.firstOkAt === null) return 'never served again after its attach';
  return `only served again ${formatDuration(Math.max(0, life.firstOkAt - attachedAt))}${giveOrTake([life], 'attach')} after its attach`;
}

function attachHint(life: CauseLife): string {
  if (life.firstOkAt === null || life.attachRespondedAt === null) {
    const how = life.observed === true ? '' : ' (rollout.wait: both)';
    return `Find out why ${life.target} did not come back; wait for it${how} before the next detach.`;
  }
  const need = coveringSeconds(life.firstOkAt - (attachedFrom(life) ?? life.attachRespondedAt));
  if (life.observed === true)
    return `Let the deploy wait at least ${need} after an attach, or until the target is in service, before the next detach.`;
  return `Raise rollout.sleep.afterAttach to at least ${need}, or wait until the target is in service (rollout.wait: both).`;
}

/** The balancer had nobody to send to. */
export const noHealthyInstance: CauseRule = {
  code: 'NO_HEALTHY_INSTANCE',
  weight: 1,
  perTarget: false,
  matches(f, _life, context, outage) {
    return mayHaveNobody(f, context, outage);
  },
  tell({ failures }, context) {
    const at = failures[0]?.sentAt ?? 0;
    if (!allOut(at, context)) return darkNodeStory(failures, at, context);
    const out = context.lives.filter((life) => isOut(life, at));
    const last = out.at(-1);
    const missing = last === undefined ? null : notYetBack(last, context);
    if (last === undefined || missing === null || missing.attachRequestedAt === null) {
      const names = out.map((life) => life.target).join(' and ');
      return {
        sentence: `no target was in service: ${names || 'every target'} ${out.length > 1 ? 'were' : 'was'} out`,
        hint: 'Take out one target at a time, and keep at least one other in service (rollout.minInService).',
      };
    }
    const gap = `${formatDuration(detachBegunAt(last) - (attachBegunAt(missing) ?? 0))}${giveOrTake([last, missing], 'both')}`;
    return {
      sentence: `no target was in service: ${last.target} was detached ${gap} after ${missing.target} was attached, but ${missing.target} ${backAfter(missing)}`,
      hint: attachHint(missing),
    };
  },
};

/** Others were in service, as far as the deploy goes, and yet nodes of the balancer had nobody. */
function darkNodeStory(failures: readonly FailureView[], at: number, context: CauseContext) {
  const out = context.lives.filter((life) => isOut(life, at)).map((life) => life.target);
  const others = context.targetIds.filter((target) => !out.includes(target));
  const nodes = new Set(failures.map((f) => f.node)).size;
  const where = nodes === 1 ? 'one node of the load balancer' : `${nodes} nodes of the load balancer`;
  return {
    sentence: `no target was in service at ${where}: ${out.join(' and ')} was out and ${others.join(' and ')} did not serve there`,
    hint: 'Keep another target in service in every zone, or switch cross-zone balancing on; and wait until an attached target stays in service (rollout.settle) before the next detach.',
  };
}

/** The next target was taken out before the one before it served again. */
export const nextDetachTooEarly: CauseRule = {
  code: 'NEXT_DETACH_TOO_EARLY',
  weight: 0.95,
  perTarget: true,
  matches(f, life, context) {
    if (life === null || isOfBalancer(f, context) || (context.isNoisy && !life.failsBothOut)) return false;
    const before = notYetBack(life, context);
    if (before === null || f.sentAt < detachBegunAt(life) || !isOut(before, f.sentAt)) return false;
    // A target that never served again and answers errors itself is a broken version, not an early detach.
    return !(before.firstOkAt === null && isOwnError(f));
  },
  tell({ life }, context) {
    const before = life === null ? null : notYetBack(life, context);
    const attachedAt = before === null ? null : attachBegunAt(before);
    if (life === null || before === null || attachedAt === null) return { sentence: '', hint: '' };
    const gap = `${formatDuration(detachBegunAt(life) - attachedAt)}${giveOrTake([life, before], 'both')}`;
    return {
      sentence: `${life.target} was detached ${gap} after ${before.target} was attached, but ${before.target} ${backAfter(before)}`,
      hint: attachHint(before),
    };
  },
};

function isOwnError(f: FailureView): boolean {
  return f.class === 'http_5xx_app' || f.class === 'assertion' || f.class === 'http_4xx' || f.class === 'http_status';
}

/** The target was sent requests before its application could serve them. */
export const attachedTooEarly: CauseRule = {
  code: 'ATTACHED_TOO_EARLY',
  weight: 0.9,
  perTarget: true,
  matches(f, life, context, outage) {
    const attachedAt = life === null ? null : attachBegunAt(life);
    if (life === null || attachedAt === null || life.firstOkAt === null || !maybeBy(f, life, context)) return false;
    if (f.sentAt < attachedAt || f.sentAt >= life.firstOkAt) return false;
    // With nobody in service nothing was sent to it at all: that is another cause.
    if (mayHaveNobody(f, context, outage)) return false;
    // One answer of its own is enough on a service that never failed before; what names nobody may be anybody's.
    return f.target === life.index ? life.failsUnready : life.missesUnready && !hitsEverybody(f, outage, context);
  },
  tell({ failures, life }, context) {
    const attachedAt = life === null ? null : attachBegunAt(life);
    if (life === null || attachedAt === null) return { sentence: '', hint: '' };
    const status = mainStatus(failures);
    const served = (life.firstOkAt ?? context.window.to) - attachedAt;
    const own = failures.filter((f) => f.target === life.index).length * 2 > failures.length;
    const sentence = own
      ? `${life.target} answered ${status} itself for ${formatDuration(served)} after it was attached: it said it was healthy before it was ready`
      : `requests failed (${status}) for ${formatDuration(served)} after ${life.target} was attached, until it served: it was sent requests before it was ready`;
    return {
      sentence,
      hint: 'Let the health check answer only when the application can serve, and attach the target after that.',
    };
  },
};

function mainStatus(failures: readonly FailureView[]): string {
  const counts = new Map<string, number>();
  for (const f of failures) {
    const key = f.status === 0 ? f.class : String(f.status);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 'errors';
}

/** The life during which a failure of the new version was sent, if it had been attached by then. */
export function attachedBefore(f: FailureView, context: CauseContext): boolean {
  return context.lives.some(
    (life) => life.index === f.target && life.attachRequestedAt !== null && f.sentAt >= life.attachRequestedAt,
  );
}
