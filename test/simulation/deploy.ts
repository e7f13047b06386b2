import { type Random, within } from './random.js';
import type { World } from './world.js';

/** What really happens to one target, ms since the run's origin. */
export interface Life {
  readonly index: number;
  readonly detachReq: number;
  readonly detachRes: number;
  /** When each node stops routing to it. */
  readonly outAt: readonly number[];
  readonly deployAt: number;
  readonly stopAt: number;
  readonly upAt: number;
  readonly readyAt: number;
  readonly attachReq: number;
  readonly attachRes: number;
  /** When each node routes to it again. */
  readonly inAt: readonly number[];
  readonly endAt: number;
}

export const WARM_UP_MS = 300;
export const SETTLE_MS = 1000;
const BASELINE_MS = 2300;

/** A rolling deploy over all targets, one after the other. */
export function livesOf(world: World, random: Random): readonly Life[] {
  let at = WARM_UP_MS + BASELINE_MS + within(random, 0, 100);
  const victim = Math.floor(random() * world.targets);
  return Array.from({ length: world.targets }, (_, index) => {
    const life = lifeOf(world, random, index, at, index === victim);
    at = life.endAt;
    return life;
  });
}

function lifeOf(world: World, random: Random, index: number, at: number, isVictim: boolean): Life {
  const detachReq = at;
  const detachRes = detachReq + within(random, 5, 60);
  const deployAt = detachRes + 2 + world.afterDetachMs;
  const stopAt = deployAt + within(random, 10, 60);
  const upAt = stopAt + within(random, 200, 450);
  const attachReq = upAt + within(random, 5, 40);
  const attachRes = attachReq + within(random, 5, 60);
  const perNode = (from: number, [lo, hi]: readonly [number, number]) =>
    Array.from({ length: world.nodes }, () => from + within(random, lo, hi));
  const leaving = perNode(detachRes, world.detachLagMs);
  return {
    index,
    detachReq,
    detachRes,
    outAt: isVictim ? shortened(world, random, leaving, stopAt) : leaving,
    deployAt,
    stopAt,
    upAt,
    readyAt: upAt + world.readyLagMs,
    attachReq,
    attachRes,
    inAt: perNode(attachRes, world.attachLagMs),
    endAt: attachRes + 2 + world.afterAttachMs,
  };
}

/** Instants of leaving that are too late for the application's stop, where the world says so. */
function shortened(world: World, random: Random, leaving: readonly number[], stopAt: number): readonly number[] {
  const short = world.shortSleep;
  if (short === null) return leaving;
  const late = stopAt + short.byMs;
  if (short.everyNode) return leaving.map((_, node) => (node === 0 ? late : late + within(random, 0, 50)));
  return leaving.map((at, node) => (node === 0 ? late : at));
}

/** The targets a node routes to at that moment. */
export function openAt(world: World, lives: readonly Life[], node: number, at: number): number[] {
  const open: number[] = [];
  for (const life of lives) {
    if (world.replacement === 'never-leaves' || at < life.outAt[node]! || at >= life.inAt[node]!) open.push(life.index);
  }
  return open;
}
