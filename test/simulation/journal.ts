import type { RunEvent } from '../../src/domain/event.js';
import type { Life } from './deploy.js';
import { SETTLE_MS, WARM_UP_MS } from './deploy.js';
import type { World } from './world.js';

/** What the journal holds beside the deploy: when the generator stood still, and how it ended. */
export interface GeneratorStory {
  readonly scheduled: number;
  readonly stoppedAt: number;
  readonly stall: { readonly from: number; readonly to: number } | null;
}

/** The events of the run, in the order they are written; those of the pipeline by the journal's own clock. */
export function journalOf(world: World, lives: readonly Life[], story: GeneratorStory): readonly RunEvent[] {
  const { scheduled, stoppedAt, stall } = story;
  const pipeline = lives.flatMap((life) => lifeEvents(world, life)).map((event) => shifted(event, world.clockSkewMs));
  const end = Math.max(stoppedAt, (lives.at(-1)?.endAt ?? 0) + SETTLE_MS) + 100;
  const events: RunEvent[] = [
    { kind: 'balancer-facts', at: 0, facts: balancerFacts(world) },
    { kind: 'traffic-started', at: 1, source: 'node', warmUpEndsAt: WARM_UP_MS, healthEveryMs: 500 },
    ...pipeline,
    ...healthEvents(stoppedAt, stall),
    { kind: 'traffic-stopped', at: stoppedAt, source: 'node', scheduled, error: null },
    { kind: 'run-ended', at: end, deploy: 'complete', stillDetached: [], error: null },
  ];
  return events
    .map((event, i) => ({ event, i }))
    .sort((a, b) => a.event.at - b.event.at || a.i - b.i)
    .map(({ event }) => event);
}

function balancerFacts(world: World): Extract<RunEvent, { kind: 'balancer-facts' }>['facts'] {
  return {
    kind: world.passesThrough ? 'pass-through' : 'elb-classic',
    name: 'web',
    dnsName: null,
    members: Array.from({ length: world.targets }, (_, i) => `i-${i + 1}`),
    drainingEnabled: world.drainLimitMs !== 0,
    drainTimeoutMs: world.drainLimitMs ?? 60_000,
    idleTimeoutMs: 60_000,
    crossZone: true,
    zones: ['a'],
    healthCheck: null,
  };
}

function healthEvents(stoppedAt: number, stall: GeneratorStory['stall']): readonly RunEvent[] {
  const events: RunEvent[] = [];
  for (let at = 500; at < stoppedAt; at += 500) {
    const isStalled = stall !== null && at >= stall.to && at - 500 < stall.to;
    const eventLoopDelayMaxMs = isStalled ? stall.to - stall.from : 2;
    const counts = { sent: 0, ended: 0, dropped: 0, inFlight: 0, cpuMs: 10 };
    events.push({ kind: 'generator-health', at, source: 'node', eventLoopDelayMaxMs, ...counts });
    events.push({ kind: 'control-probe', at, source: 'node', sent: 5, failed: 0 });
  }
  if (stall !== null) events.push({ kind: 'stall', at: stall.to, source: 'node', ...stall });
  return events;
}

function shifted(event: RunEvent, byMs: number): RunEvent {
  if (byMs === 0) return event;
  const moved = { ...event, at: event.at + byMs };
  if (moved.kind === 'balancer-call')
    return { ...moved, requestedAt: moved.requestedAt + byMs, respondedAt: moved.respondedAt + byMs };
  return moved.kind === 'deploy-ended' ? { ...moved, startedAt: moved.startedAt + byMs } : moved;
}

function lifeEvents(world: World, life: Life): readonly RunEvent[] {
  const target = `s${life.index + 1}`;
  const stage = `roll ${target}`;
  const steps = [
    [{ kind: 'detach', target }, life.detachReq, life.detachRes],
    [{ kind: 'sleep', ms: world.afterDetachMs, why: 'after-detach', target }, life.detachRes + 1, life.deployAt - 1],
    [{ kind: 'deploy', target }, life.deployAt, life.attachReq - 2],
    [{ kind: 'attach', target }, life.attachReq, life.attachRes],
    [{ kind: 'sleep', ms: world.afterAttachMs, why: 'after-attach', target }, life.attachRes + 1, life.endAt - 1],
  ] as const;
  const call = (operation: 'detach' | 'attach', requestedAt: number, respondedAt: number): RunEvent => ({
    kind: 'balancer-call',
    at: respondedAt,
    operation,
    target,
    requestedAt,
    respondedAt,
    error: null,
  });
  return [
    { kind: 'stage-started', at: life.detachReq, stage },
    ...steps.flatMap(([step, from, to], index): RunEvent[] => [
      { kind: 'step-intent', at: from, stage, index, step },
      { kind: 'step-done', at: to, stage, index, step },
    ]),
    call('detach', life.detachReq, life.detachRes),
    ...markEvents(world, life, target),
    {
      kind: 'deploy-ended',
      at: life.attachReq - 3,
      target,
      command: ['deploy'],
      startedAt: life.deployAt,
      exitCode: 0,
      outputTail: 'ok',
      error: null,
    },
    call('attach', life.attachReq, life.attachRes),
    { kind: 'stage-ended', at: life.endAt, stage, ok: true },
  ];
}

/** What the application says of itself, by its own clock; nothing when it was not really stopped. */
function markEvents(world: World, life: Life, target: string): readonly RunEvent[] {
  if (!world.hasAppMarks || world.replacement.startsWith('noop')) return [];
  const mark = (what: 'stopping' | 'down' | 'up', at: number): RunEvent => ({
    kind: 'app-observed',
    at: at + world.markSkewMs,
    target,
    what,
    via: 'mark',
  });
  return [mark('stopping', life.stopAt), mark('down', life.stopAt + 1), mark('up', life.upAt)];
}
