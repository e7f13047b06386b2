import type { BalancerChange, RunEvent, RunEventOf } from '../domain/event.js';
import type { TargetId } from '../domain/target.js';
import { formatDuration, type Instant, type Span } from '../domain/time.js';
import { eventsOf } from './event-queries.js';

/** Whether somebody else than this program takes targets out and puts them back in this run. */
export function isExternal(events: readonly RunEvent[]): boolean {
  return events.some((e) => e.kind === 'external-started');
}

/** A change of membership that was seen from outside: it happened at some moment of its span. */
interface Change extends Span {
  readonly operation: 'detach' | 'attach';
}

type Mark = RunEventOf<'balancer-mark'>;

/**
 * The events of a run with the changes of membership that were only seen from outside put beside them, as the calls they
 * must have been: a poll that shows a target gone, where the one before still showed it, means a detach that took effect
 * after the question before was asked and before this one was answered. Marks of the deploy's own script narrow that
 * span; a mark that contradicts the polls is a warning and narrows nothing. Runs whose calls this program made itself
 * are left as they are: those times are exact.
 */
export function withObservedCalls(events: readonly RunEvent[]): readonly RunEvent[] {
  if (!isExternal(events)) return events;
  const targets = new Set(eventsOf(events, 'target-observed').map((e) => e.health.target));
  return [...events, ...[...targets].flatMap((target) => observedOf(target, events))];
}

function observedOf(target: TargetId, events: readonly RunEvent[]): readonly RunEvent[] {
  const seen = eventsOf(events, 'target-observed')
    .filter((e) => e.health.target === target)
    .sort((a, b) => a.at - b.at);
  const changes = changesIn(seen);
  const marks = eventsOf(events, 'balancer-mark').filter((m) => m.target === target);
  const wrong = marks.filter((mark) => contradicts(mark, changes, isMember(seen[0])));
  const believed = marks.filter((mark) => !wrong.includes(mark));
  return [
    ...changes.map((change): RunEvent => callOf(target, narrowed(change, believed))),
    ...wrong.map((mark): RunEvent => ({ kind: 'warning', at: mark.at, message: disbelief(mark, changes) })),
  ];
}

function isMember(seen: RunEventOf<'target-observed'> | undefined): boolean {
  return seen?.health.registered === true && seen.health.state !== 'draining';
}

function changesIn(seen: readonly RunEventOf<'target-observed'>[]): readonly Change[] {
  return seen.flatMap((now, i): readonly Change[] => {
    const before = seen[i - 1];
    if (before === undefined || isMember(before) === isMember(now)) return [];
    // Older journals do not say when the question before was asked: then the last answer that was written down counts.
    const from = Math.min(now.previousAskedAt ?? before.askedAt, now.at);
    return [{ operation: isMember(now) ? 'attach' : 'detach', from, to: now.at }];
  });
}

function operationOf(what: BalancerChange): Change['operation'] {
  return what === 'detached' || what === 'detach-requested' ? 'detach' : 'attach';
}

function isRequest(what: BalancerChange): boolean {
  return what === 'detach-requested' || what === 'attach-requested';
}

/**
 * The polls before and after show that it was not so. What is said to be done must not be undone still at the next poll
 * that is certain; what is said to be about to be asked for must not have been so already.
 */
function contradicts(mark: Mark, changes: readonly Change[], memberAtFirst: boolean): boolean {
  if (changes.some((c) => mark.at >= c.from && mark.at <= c.to)) return false;
  const last = changes.filter((c) => c.to < mark.at).at(-1);
  const isIn = last === undefined ? memberAtFirst : last.operation === 'attach';
  const wantsOut = operationOf(mark.what) === 'detach';
  return isRequest(mark.what) ? isIn !== wantsOut : isIn === wantsOut;
}

/** A request cannot have its effect before it is made, and an effect that was acknowledged is there. */
function narrowed(change: Change, marks: readonly Mark[]): Change {
  const inside = marks.filter(
    (m) => operationOf(m.what) === change.operation && m.at >= change.from && m.at <= change.to,
  );
  const from = Math.max(change.from, ...inside.filter((m) => isRequest(m.what)).map((m) => m.at));
  const to = Math.min(change.to, ...inside.filter((m) => !isRequest(m.what)).map((m) => m.at));
  // Marks that contradict each other say nothing.
  return from > to ? change : { ...change, from, to };
}

function callOf(target: TargetId, { operation, from, to }: Change): RunEventOf<'balancer-call'> {
  const span = { requestedAt: from, respondedAt: to };
  return { kind: 'balancer-call', at: to, operation, target, ...span, error: null, observed: true };
}

function disbelief({ target, what, at }: Mark, changes: readonly Change[]): string {
  const near = changes.find((c) => c.operation === operationOf(what) && c.to >= at);
  const seen = near === undefined ? '' : `, and saw that change only after ${formatDuration(near.from)}`;
  return `${target} was marked ${what} at ${formatDuration(at)}, but the load balancer said otherwise before and after that${seen}: the mark is not believed`;
}

/** A life whose detach and attach happened at some moment between their two instants; absent = at the call, exactly. */
interface Observed {
  readonly observed?: boolean;
  readonly detachRequestedAt: Instant;
  readonly detachRespondedAt: Instant;
  readonly attachRequestedAt: Instant | null;
  readonly attachRespondedAt: Instant | null;
}

/** The earliest that the detach may have been acknowledged: upper bounds of what came after it count from here. */
export function detachedFrom(life: Observed): Instant {
  return life.observed === true ? life.detachRequestedAt : life.detachRespondedAt;
}

/** From here on the detach has begun for sure: no failure before it can be laid on it. */
export function detachBegunAt(life: Observed): Instant {
  return life.observed === true ? life.detachRespondedAt : life.detachRequestedAt;
}

/** The earliest that the attach may have been acknowledged. */
export function attachedFrom(life: Observed): Instant | null {
  return life.observed === true ? life.attachRequestedAt : life.attachRespondedAt;
}

/** From here on the attach has begun for sure. */
export function attachBegunAt(life: Observed): Instant | null {
  return life.observed === true ? life.attachRespondedAt : life.attachRequestedAt;
}
