import {
  APP_CHANGES,
  type AppChange,
  BALANCER_CHANGES,
  type BalancerChange,
  type RunEvent,
} from '../../domain/event.js';
import type { Target, TargetId } from '../../domain/target.js';

/** Everything a mark may say. */
export type MarkKind = AppChange | BalancerChange;

const APP: ReadonlySet<string> = new Set(APP_CHANGES);

/** The kinds of marks, in the order in which a deploy goes through them. */
export const MARK_KINDS: readonly MarkKind[] = [
  ...BALANCER_CHANGES.slice(0, 2),
  ...APP_CHANGES,
  ...BALANCER_CHANGES.slice(2),
];
const KINDS: ReadonlySet<string> = new Set(MARK_KINDS);

/** One mark as it stands in a mark file. */
export interface Mark {
  readonly what: MarkKind;
  /** As the script names it: the target's id, or the balancer's name for it. */
  readonly target: TargetId;
  /** CLOCK_MONOTONIC of this host, decimal. */
  readonly monotonicNs: string;
}

/**
 * What a deploy command wrote into ROLLPROOF_MARK_FILE: one JSON object per line,
 * `{"what":"detached","target":"staging-1","monotonicNs":"123"}`, `monotonicNs` being this host's CLOCK_MONOTONIC.
 * Lines that are not that are counted, not trusted; so are targets that are not among `targets`, where those are given.
 * @param originNs CLOCK_MONOTONIC at instant 0.
 */
export function marksIn(
  text: string,
  originNs: bigint,
  targets: readonly Target[] | null = null,
): { events: RunEvent[]; ignored: number } {
  const events: RunEvent[] = [];
  let ignored = 0;
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    const mark = markIn(line);
    const target = mark === null ? null : targetNamed(mark.target, targets);
    if (mark === null || target === null) ignored++;
    else events.push(eventOf(mark.what, target, Number(BigInt(mark.monotonicNs) - originNs) / 1e6));
  }
  return { events, ignored };
}

/** The id of the target that goes by that id or instance; null = none does. */
export function targetNamed(name: string, targets: readonly Target[] | null): TargetId | null {
  if (targets === null) return name;
  return (targets.find((t) => t.id === name) ?? targets.find((t) => t.instance === name))?.id ?? null;
}

/** A word as the kind of a mark, or null. */
export function markKind(word: unknown): MarkKind | null {
  return typeof word === 'string' && KINDS.has(word) ? (word as MarkKind) : null;
}

function eventOf(what: MarkKind, target: TargetId, at: number): RunEvent {
  return APP.has(what)
    ? { kind: 'app-observed', at, target, what: what as AppChange, via: 'mark' }
    : { kind: 'balancer-mark', at, target, what: what as BalancerChange };
}

function markIn(line: string): Mark | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (notJson) {
    void notJson;
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const { what, target, monotonicNs } = value as Record<string, unknown>;
  const kind = markKind(what);
  if (kind === null || typeof target !== 'string') return null;
  if (typeof monotonicNs !== 'string' || !/^\d{1,20}$/.test(monotonicNs)) return null;
  return { what: kind, target, monotonicNs };
}
