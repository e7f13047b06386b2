import type { Phase, PhaseKind } from '../domain/phase.js';
import type { TargetId } from '../domain/target.js';
import type { Instant, Span } from '../domain/time.js';

/** One target's way out of rotation and back. Null = it never came to that, or nobody saw it. */
export interface TargetLife {
  readonly target: TargetId;
  readonly detachRequestedAt: Instant;
  readonly detachRespondedAt: Instant;
  readonly deployStartedAt: Instant | null;
  readonly appDownAt: Instant | null;
  readonly appUpAt: Instant | null;
  readonly attachRequestedAt: Instant | null;
  readonly attachRespondedAt: Instant | null;
  /** The detach and the attach were only seen from outside: each happened at some moment between its two instants. */
  readonly observed?: boolean;
  /** False when a deploy was due and did not complete: the old version is then no surprise after the attach. */
  readonly deployCompleted?: boolean;
  /**
   * It was out before the run and came in (green of blue-green): both instants of its detach are then when its life
   * begins, with its deploy or else its attach.
   */
  readonly joined?: true;
}

/** What begins when. */
interface Mark {
  readonly at: Instant;
  readonly kind: PhaseKind;
}

/**
 * The marks of one life in order. Calls to the balancer are exact; the application's own marks are observations, so
 * where both disagree in order the calls win and the application's are moved.
 *
 *   detachReq  detachRes   deployStart   appDown   appUp    attachReq  attachRes
 *      ├─ detach ─┼─ drain ─────┼─ stopping ─┼─ down ─┼─ ready ──┼─ attach ──┼─ settle …
 *                               └──────── deploy, without appDown ┘
 */
function marksOf(life: TargetLife): Mark[] {
  const marks: Mark[] = [{ at: life.detachRequestedAt, kind: 'detach' }];
  const add = (at: Instant | null, kind: PhaseKind): void => {
    if (at === null || Number.isNaN(at)) return;
    const limit = life.attachRequestedAt ?? Number.POSITIVE_INFINITY;
    const inOrder = kind === 'attach' || kind === 'settle' ? at : Math.min(at, limit);
    marks.push({ at: Math.max(inOrder, marks.at(-1)?.at ?? inOrder), kind });
  };
  add(life.detachRespondedAt, 'drain');
  if (life.appDownAt === null) {
    add(life.deployStartedAt, 'deploy');
  } else {
    add(life.deployStartedAt, 'stopping');
    add(life.appDownAt, 'down');
    add(life.appUpAt, 'ready');
  }
  add(life.attachRequestedAt, 'attach');
  add(life.attachRespondedAt, 'settle');
  return marks;
}

function chainOf(life: TargetLife, to: Instant, suffix: string): Phase[] {
  const marks = marksOf(life);
  return marks.flatMap((mark, index) => {
    const from = Math.min(mark.at, to);
    const end = Math.min(marks[index + 1]?.at ?? to, to);
    const id = `${life.target}:${mark.kind}${suffix}`;
    return end > from ? [{ id, kind: mark.kind, target: life.target, from, to: end }] : [];
  });
}

/** Where a life ends: the next detach after it came back, or the end of the window. */
function endOf(life: TargetLife, lives: readonly TargetLife[], to: Instant): Instant {
  const back = life.attachRespondedAt ?? life.attachRequestedAt;
  // What never came back ends with the next life of the same target at the latest.
  const next = lives
    .filter((other) => other !== life && other.detachRequestedAt > life.detachRequestedAt)
    .filter((other) => other.target === life.target || (back !== null && other.detachRequestedAt >= back))
    .map((other) => other.detachRequestedAt);
  return Math.min(to, ...next);
}

/** Lives in the order their detach was requested. */
export function inDetachOrder(lives: readonly TargetLife[]): TargetLife[] {
  return [...lives].sort((a, b) => a.detachRequestedAt - b.detachRequestedAt);
}

/**
 * Every life's own phases up to `to`, contiguous within a life; those of targets that are out at the same time
 * overlap. A target detached again gets ids with `#2`, `#3`, … In the order of `inDetachOrder`.
 */
export function phaseChains(lives: readonly TargetLife[], to: Instant): Phase[][] {
  const ordered = inDetachOrder(lives);
  const seen = new Map<TargetId, number>();
  return ordered.map((life) => {
    const turn = (seen.get(life.target) ?? 0) + 1;
    seen.set(life.target, turn);
    return chainOf(life, endOf(life, ordered, to), turn === 1 ? '' : `#${turn}`);
  });
}

/** Of the phases that are on at `at`, the one begun last (then the later life): the news at that moment. */
function phaseAt(phases: readonly Phase[], at: Instant): Phase | null {
  let found: Phase | null = null;
  for (const phase of phases) {
    if (phase.from <= at && at < phase.to && (found === null || phase.from >= found.from)) found = phase;
  }
  return found;
}

/**
 * The phases of a run (verdict.md §5): contiguous and half-open, they tile [origin, window.to) with `baseline` up to
 * the first detach. Where targets are out at the same time the phase begun last holds the moment, so a phase may
 * then appear in pieces. An unfinished life's last phase lasts until the next detach or the end; empty phases are
 * left out.
 */
export function phasesOf(lives: readonly TargetLife[], window: Span, origin: Instant): Phase[] {
  const all = phaseChains(lives, window.to).flat();
  const cuts = new Set<Instant>([origin, window.to]);
  for (const phase of all) for (const at of [phase.from, phase.to]) if (at > origin) cuts.add(at);
  const instants = [...cuts].sort((a, b) => a - b);
  const tiles: Phase[] = [];
  for (const [index, from] of instants.entries()) {
    const to = instants[index + 1];
    if (to === undefined || from < origin || to > window.to) continue;
    const phase = phaseAt(all, from) ?? { id: 'baseline', kind: 'baseline' as const, target: null };
    const last = tiles.at(-1);
    if (last !== undefined && last.id === phase.id) tiles[tiles.length - 1] = { ...last, to };
    else tiles.push({ id: phase.id, kind: phase.kind, target: phase.target, from, to });
  }
  return tiles;
}
