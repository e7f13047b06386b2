import type { RunEvent, RunEventOf } from '../../src/domain/event.js';
import type { RunFacts } from '../../src/domain/evidence.js';

/** How the deploy of a world was seen from outside. */
export interface Polled {
  /** Between one question and the next, ms; 0 = every change is seen at once. */
  readonly everyMs: number;
  /** When the first question is asked. */
  readonly phaseMs?: number;
  /** How long the balancer takes to answer. */
  readonly answerMs?: number;
  /** The application's own marks are kept. */
  readonly appMarks?: boolean;
  readonly by?: 'command' | 'somebody';
  readonly exitCode?: number;
}

const KEPT = new Set(['balancer-facts', 'traffic-started', 'generator-health', 'traffic-stopped', 'run-ended']);

/** The same facts as if a command of the user's had done the deploy and rollproof had only asked the balancer. */
export function polled(facts: RunFacts, how: Polled): RunFacts {
  const calls = facts.events.filter((e): e is RunEventOf<'balancer-call'> => e.kind === 'balancer-call');
  const began = Math.min(...calls.map((c) => c.requestedAt)) - 50;
  const ended = Math.max(...facts.events.filter((e) => e.kind === 'stage-ended').map((e) => e.at));
  const { exitCode = 0 } = how;
  const error = exitCode === 0 ? null : `ended with exit code ${exitCode}`;
  const by = how.by ?? 'command';
  const command = by === 'command' ? ['./deploy.sh'] : [];
  const end = { command, startedAt: began, exitCode, outputTail: 'done', error };
  const events: RunEvent[] = [
    ...facts.events.filter((e) => KEPT.has(e.kind) || (how.appMarks !== false && e.kind === 'app-observed')),
    { kind: 'external-started', at: began, by, command },
    { kind: 'stage-started', at: began, stage: 'deploy' },
    ...facts.header.scenario.targets.flatMap(({ id }) => observations(id, calls, ended, how)),
    ...(by === 'command' ? [{ kind: 'external-ended', at: ended - 1, ...end } as const] : []),
    { kind: 'stage-ended', at: ended, stage: 'deploy', ok: error === null },
  ];
  const order = (e: RunEvent) => (e.kind === 'run-ended' ? Number.POSITIVE_INFINITY : e.at);
  return { ...facts, events: events.sort((a, b) => order(a) - order(b)) };
}

function observations(
  target: string,
  calls: readonly RunEventOf<'balancer-call'>[],
  until: number,
  { everyMs, phaseMs = 0, answerMs = 20 }: Polled,
): readonly RunEvent[] {
  const mine = calls.filter((c) => c.target === target);
  const isIn = (at: number) => mine.filter((c) => c.respondedAt <= at).at(-1)?.operation !== 'detach';
  const asked =
    everyMs === 0
      ? [0, ...mine.map((c) => c.respondedAt)]
      : Array.from({ length: Math.ceil(until / everyMs) }, (_, k) => phaseMs + k * everyMs);
  const found: RunEvent[] = [];
  let last: boolean | null = null;
  let previousAskedAt: number | null = null;
  for (const askedAt of asked) {
    const now = isIn(askedAt);
    const exactly = everyMs === 0 ? mine.find((c) => c.respondedAt === askedAt)?.requestedAt : undefined;
    if (now !== last) {
      const state = now ? ('healthy' as const) : ('unused' as const);
      const health = { target, state, registered: now, reasonCode: 'N/A', description: state };
      const at = everyMs === 0 ? askedAt : askedAt + answerMs;
      found.push({ kind: 'target-observed', at, askedAt, health, previousAskedAt: exactly ?? previousAskedAt });
    }
    last = now;
    previousAskedAt = askedAt;
  }
  return found;
}
