import type { Traffic } from '../../src/domain/scenario.js';
import { arrivalPlan } from '../../src/traffic/arrivals.js';
import { ANSWER_CODES, type AnswerKind, failsAfterMs } from './answers.js';
import { type Connection, connectionsOf } from './connections.js';
import { type Life, openAt, SETTLE_MS } from './deploy.js';
import { type Random, within } from './random.js';
import { routerOf } from './router.js';
import { SampleColumns } from './sample-columns.js';
import { LATE_MS, TIMEOUT_MS, type World } from './world.js';

export interface Span {
  readonly from: number;
  readonly to: number;
}

/** The faults of one run with their places in time. */
export interface Placed {
  readonly outage: Span | null;
  /** Index of the target the outage hits; −1 = all of them. */
  readonly outageTarget: number;
  readonly pause: Span | null;
}

/** What became of the requests, and what really happened to them. */
export interface Exchange {
  readonly columns: SampleColumns;
  readonly scheduled: number;
  /** Requests that failed in the judged window. */
  readonly failed: number;
  /**
   * By life: when the last request that was routed to it before its attach ends or, had nobody stopped its application,
   * would have ended. Answers slowed down by overload count as if they were not.
   */
  readonly heldUntil: readonly number[];
}

interface Fate {
  readonly answer: AnswerKind;
  readonly endedAt: number;
  readonly target: number;
  readonly isNew: boolean;
  readonly connection: Connection;
}

/** Sends what is due until the settle time is over, and lets the world answer. */
export function exchangeOf(
  world: World,
  lives: readonly Life[],
  placed: Placed,
  traffic: Traffic,
  random: Random,
): Exchange {
  const plan = arrivalPlan(traffic);
  const from = lives[0]!.detachReq;
  const judgedTo = lives.at(-1)!.endAt + SETTLE_MS;
  const end = judgedTo + 150;
  const columns = columnsFor(world, Math.ceil((end * plan.ratePerSecond) / 1000) + 2);
  const fateOf = fates(world, lives, placed, random);
  const { pause } = placed;
  const heldUntil = lives.map((life) => Math.max(...life.outAt));
  let failed = 0;
  let seq = 0;
  for (let k = 0; ; k++) {
    const scheduledAt = plan.dueMs(k);
    if (scheduledAt >= end) break;
    const isPaused = pause !== null && scheduledAt >= pause.from && scheduledAt < pause.to;
    if (isPaused && world.pause?.how === 'skipped') continue;
    const lane = plan.lane(k);
    const sentAt = (isPaused ? pause.to + 0.002 * (scheduledAt - pause.from) : scheduledAt) + LATE_MS * random();
    const took = lane === 2 ? plan.holdMs(k) : 3 + 5 * random() - 2 * Math.log(1 - random());
    const node = Math.floor(random() * world.nodes);
    const fate = fateOf(sentAt, took, lane, node);
    const held = lives[fate.connection.target];
    if (held !== undefined && sentAt < held.attachReq) {
      const cutAt = held.outAt[node]! + (world.drainLimitMs ?? Number.POSITIVE_INFINITY);
      heldUntil[held.index] = Math.max(heldUntil[held.index]!, Math.min(sentAt + took, cutAt));
    }
    columns.add({ seq: seq++, lane, scheduledAt, sentAt, node, ...fate });
    if (fate.answer !== 'ok' && fate.endedAt >= from && sentAt <= judgedTo) failed++;
  }
  return { columns, scheduled: seq, failed, heldUntil };
}

function columnsFor(world: World, capacity: number): SampleColumns {
  const isNoop = world.replacement.startsWith('noop');
  return new SampleColumns({
    capacity,
    targetIds: Array.from({ length: world.targets }, (_, i) => `s${i + 1}`),
    versions: isNoop ? ['v2', 'v2'] : ['v1', world.replacement === 'stale' ? 'v1' : 'v2'],
    boots: world.replacement === 'noop-no-boot' ? 'none' : isNoop ? 'same' : 'change',
    nodes: world.nodes,
  });
}

/** What becomes of a request sent at a moment to a node. */
function fates(world: World, lives: readonly Life[], placed: Placed, random: Random) {
  const router = routerOf(world.routing, world.targets, world.nodes, random);
  const connections = connectionsOf(world, lives, router, random);
  const { outage, outageTarget } = placed;
  const firstIn = Math.min(...lives[0]!.inAt);
  return (at: number, took: number, lane: number, node: number): Fate => {
    const connection = connections.take(lane, node, at);
    const isHit = outage !== null && at >= outage.from && at < outage.to;
    const hitAnswer = world.outage?.answer ?? 'refused';
    if (isHit && outageTarget < 0) return failing(hitAnswer, at);
    const open = openAt(world, lives, node, at);
    const chosen = connection.target;
    const life = lives[chosen];
    if (life === undefined) return failing('capacity', at);
    const isNew = at >= life.upAt;
    const fate = isHit && chosen === outageTarget ? failing(hitAnswer, at, chosen, isNew) : served(life, isNew);
    router.took(chosen, node, fate.endedAt);
    return fate;

    function failing(answer: AnswerKind, sentAt: number, target = -1, isNewer = false): Fate {
      if (!ANSWER_CODES[answer].isWhole) connections.broke(connection.id);
      const endedAt = sentAt + failsAfterMs(answer, TIMEOUT_MS) + 0.3 * random();
      return { answer, endedAt, target, isNew: isNewer, connection };
    }

    function served(by: Life, current: boolean): Fate {
      const isStopped = world.replacement === 'real' || world.replacement === 'stale';
      if (isStopped && at >= by.stopAt && at < by.upAt) return failing(world.deadAnswer, at);
      if (current && at < by.readyAt) return failing('appBusy', at, by.index, true);
      const { overload, noise } = world;
      const isTight = overload !== null && open.length < overload.below;
      if (isTight && random() < overload.share) return failing(overload.answer, at, by.index, current);
      if (noise !== null && random() < noise.share && (!noise.reuseOnly || connection.use > 1))
        return failing(noise.answer, at, by.index, current);
      if (current && world.newVersionFails > 0 && random() < world.newVersionFails)
        return failing('appError', at, by.index, true);
      if (!current && at >= firstIn && world.oldVersionFails > 0 && random() < world.oldVersionFails)
        return failing('appError', at, by.index, false);
      const whole = {
        answer: 'ok',
        endedAt: at + took * (isTight ? 8 : 1),
        target: by.index,
        isNew: current,
        connection,
      } as const;
      return cutShort(world, by, node, at, whole, random);
    }
  };
}

/** An answer that comes in time, or is cut by the drain limit or by an application that does not wait for it. */
function cutShort(world: World, life: Life, node: number, at: number, whole: Fate, random: Random): Fate {
  const limit = world.drainLimitMs === null ? Number.POSITIVE_INFINITY : life.outAt[node]! + world.drainLimitMs;
  const stop = world.isGraceful ? Number.POSITIVE_INFINITY : life.stopAt;
  const cutAt = Math.min(at < life.outAt[node]! ? limit : Number.POSITIVE_INFINITY, at < stop ? stop : 1 / 0);
  if (whole.endedAt <= cutAt) return whole;
  return { ...whole, answer: world.cutAnswer, endedAt: cutAt + within(random, 0.1, 1) };
}
