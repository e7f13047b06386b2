import type { RunEvent } from '../../domain/event.js';
import type { Balancer, EventSink } from '../../domain/ports.js';
import type { Rollout } from '../../domain/scenario.js';
import type { Target, TargetId } from '../../domain/target.js';
import type { Clock } from '../../domain/time.js';
import { isInService } from './in-service.js';

const POLL_MS = 1_000;
/** So many in a row must say that a target of blue is not registered. */
const LOOKS = 10;

export interface GreenOutDeps {
  readonly balancer: Balancer;
  readonly events: EventSink;
  readonly clock: Clock;
  readonly targets: readonly Target[];
  readonly rollout: Rollout;
}

/**
 * The way back of a blue-green deploy that ends before blue was out: blue is attached again by now, and what this run
 * attached of green leaves, as soon as every blue target is in service. Where blue does not come back green stays, for
 * somebody has to serve. Never throws; says what became of each.
 * @param forMs how long blue gets to be in service again. @returns the green targets that are attached still.
 */
export async function greenOut(
  history: readonly RunEvent[],
  forMs: number,
  deps: GreenOutDeps,
  giveUp: AbortSignal,
): Promise<readonly TargetId[]> {
  const { rollout, targets } = deps;
  const left = greenLeftIn(history, rollout);
  const came = targets.filter(({ id }) => left.includes(id));
  if (came.length === 0) return [];
  const blue = targets.filter(({ id }) => rollout.blueGreen?.blue.includes(id) === true);
  if (!(await inServiceAgain(blue, forMs, deps, giveUp))) {
    const why = 'stays attached: not every target of blue is in service; when they are, rollproof recover takes it out';
    for (const { id } of came) note(deps, id, false, why);
    return left;
  }
  const still: TargetId[] = [];
  for (const target of came) if (!(await takeOut(target, deps))) still.push(target.id);
  return still;
}

async function takeOut(target: Target, { balancer, events, clock }: GreenOutDeps): Promise<boolean> {
  // Written down before it is done, as every detach: whoever is killed here must not leave a riddle.
  const message = `${target.id} is about to be taken out again: blue is in service`;
  quietly(() => events.append({ kind: 'warning', at: clock.now(), message }));
  const requestedAt = clock.now();
  let error: string | null = null;
  try {
    await balancer.detach(target, new AbortController().signal);
  } catch (cause) {
    error = cause instanceof Error ? cause.message : String(cause);
  }
  const respondedAt = clock.now();
  const call = { operation: 'detach', target: target.id, requestedAt, respondedAt, error } as const;
  quietly(() => events.append({ kind: 'balancer-call', at: respondedAt, ...call }));
  const said = error === null ? 'taken out again: blue is in service' : `is still attached: ${error}`;
  note({ events, clock }, target.id, error === null, said);
  return error === null;
}

/**
 * Green targets that this run has attached, or may have, before its point of no return: while they serve beside blue the
 * deploy is neither done nor undone.
 */
export function greenLeftIn(
  history: readonly RunEvent[],
  { strategy, blueGreen }: Pick<Rollout, 'strategy' | 'blueGreen'>,
): readonly TargetId[] {
  if (strategy !== 'blue-green' || blueGreen == null || isBlueOut(history)) return [];
  return blueGreen.green.filter((id) => mayBeIn(id, history));
}

/** The stage that takes blue out has ended well: from there on nothing is put back. */
function isBlueOut(history: readonly RunEvent[]): boolean {
  const out = new Set(
    history.flatMap((e) =>
      e.kind === 'step-intent' && e.step.kind === 'detach' && e.step.forGood === true ? [e.stage] : [],
    ),
  );
  return history.some((e) => e.kind === 'stage-ended' && e.ok && out.has(e.stage));
}

/** Its attach was asked for, acknowledged or not, and no detach was acknowledged since. */
function mayBeIn(target: TargetId, history: readonly RunEvent[]): boolean {
  let isIn = false;
  for (const e of history) {
    if (e.kind === 'step-intent' && e.step.kind === 'attach' && e.step.target === target) isIn = true;
    if (e.kind === 'balancer-call' && e.operation === 'detach' && e.target === target && e.error === null) isIn = false;
  }
  return isIn;
}

async function inServiceAgain(
  blue: readonly Target[],
  forMs: number,
  { balancer, clock }: GreenOutDeps,
  giveUp: AbortSignal,
): Promise<boolean> {
  const until = clock.now() + forMs;
  for (let looksWithoutOne = 0; ; ) {
    const health = await balancer.health(blue, giveUp).catch(() => []);
    if (health.length === blue.length && health.every(isInService)) return true;
    // Who is not even registered does not come back by waiting; one read can be stale.
    looksWithoutOne = health.some((h) => !h.registered) ? looksWithoutOne + 1 : 0;
    if (giveUp.aborted || looksWithoutOne >= LOOKS || clock.now() + POLL_MS > until) return false;
    await clock.sleep(POLL_MS, giveUp);
  }
}

function note(
  { events, clock }: Pick<GreenOutDeps, 'events' | 'clock'>,
  target: TargetId,
  ok: boolean,
  message: string,
): void {
  quietly(() => events.append({ kind: 'recovery', at: clock.now(), target, ok, message }));
}

/** The journal is second to the servers here. */
function quietly(write: () => void): void {
  try {
    write();
  } catch (error) {
    void error;
  }
}
