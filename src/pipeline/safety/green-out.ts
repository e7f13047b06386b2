import type { RunEvent } from '../../domain/event.js';
import type { Balancer, EventSink } from '../../domain/ports.js';
import type { Rollout } from '../../domain/scenario.js';
import type { Target } from '../../domain/target.js';
import type { Clock } from '../../domain/time.js';
import { isInService } from './in-service.js';

const POLL_MS = 1_000;

export interface GreenOutDeps {
  readonly balancer: Balancer;
  readonly events: EventSink;
  readonly clock: Clock;
  readonly targets: readonly Target[];
  readonly rollout: Rollout;
}

/**
 * The way back of a blue-green deploy that failed before blue was out: blue is attached again by now, and what this run
 * attached of green leaves, as soon as every blue target is in service. Where blue does not come back green stays, for
 * somebody has to serve. Never throws; says what became of each.
 * @param forMs how long blue gets to be in service again.
 */
export async function greenOut(
  history: readonly RunEvent[],
  forMs: number,
  deps: GreenOutDeps,
  giveUp: AbortSignal,
): Promise<void> {
  const { blueGreen } = deps.rollout;
  if (deps.rollout.strategy !== 'blue-green' || blueGreen == null || isBlueOut(history)) return;
  const came = deps.targets.filter(({ id }) => blueGreen.green.includes(id) && mayBeIn(id, history));
  if (came.length === 0) return;
  const blue = deps.targets.filter(({ id }) => blueGreen.blue.includes(id));
  const names = came.map(({ id }) => id).join(', ');
  if (!(await inServiceAgain(blue, forMs, deps, giveUp))) {
    say(
      deps,
      `${names} stays attached: not every target of blue is in service again; take it out by hand when they are`,
    );
    return;
  }
  for (const target of came) {
    // Written down before it is done, as every detach: whoever is killed here must not leave a riddle.
    say(deps, `${target.id} is about to be taken out again: blue is in service`);
    const requestedAt = deps.clock.now();
    let error: string | null = null;
    try {
      await deps.balancer.detach(target, new AbortController().signal);
    } catch (cause) {
      error = cause instanceof Error ? cause.message : String(cause);
    }
    const respondedAt = deps.clock.now();
    const call = { operation: 'detach', target: target.id, requestedAt, respondedAt, error } as const;
    quietly(() => deps.events.append({ kind: 'balancer-call', at: respondedAt, ...call }));
    say(deps, error === null ? `${target.id} was taken out again` : `${target.id} is still attached: ${error}`);
  }
}

/** The stage that takes blue out has ended well: from there on nothing is put back. */
export function isBlueOut(history: readonly RunEvent[]): boolean {
  const out = new Set(
    history.flatMap((e) =>
      e.kind === 'step-intent' && e.step.kind === 'detach' && e.step.forGood === true ? [e.stage] : [],
    ),
  );
  return history.some((e) => e.kind === 'stage-ended' && e.ok && out.has(e.stage));
}

/** Its attach was asked for, acknowledged or not. */
function mayBeIn(target: string, history: readonly RunEvent[]): boolean {
  return history.some((e) => e.kind === 'step-intent' && e.step.kind === 'attach' && e.step.target === target);
}

async function inServiceAgain(
  blue: readonly Target[],
  forMs: number,
  { balancer, clock }: GreenOutDeps,
  giveUp: AbortSignal,
): Promise<boolean> {
  const until = clock.now() + forMs;
  for (;;) {
    const health = await balancer.health(blue, giveUp).catch(() => []);
    if (health.length === blue.length && health.every(isInService)) return true;
    if (giveUp.aborted || clock.now() + POLL_MS > until) return false;
    await clock.sleep(POLL_MS, giveUp);
  }
}

function say({ events, clock }: GreenOutDeps, message: string): void {
  quietly(() => events.append({ kind: 'warning', at: clock.now(), message }));
}

/** The journal is second to the servers here. */
function quietly(write: () => void): void {
  try {
    write();
  } catch (error) {
    void error;
  }
}
