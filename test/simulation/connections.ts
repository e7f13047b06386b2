import { type Life, openAt } from './deploy.js';
import type { Random } from './random.js';
import type { Router } from './router.js';
import type { World } from './world.js';

const REUSE = 1;
/** Kept-alive connections of the generator to each node. */
const POOL = 6;

/** One connection of the generator. */
export interface Connection {
  readonly id: number;
  /** 1 = this is the first request on it. */
  readonly use: number;
  /** Target that answers the request; −1 = none is in rotation. */
  readonly target: number;
}

interface Slot {
  id: number;
  use: number;
  target: number;
  bornAt: number;
}

/** Puts requests on connections and connections on targets. */
export interface Connections {
  readonly take: (lane: number, node: number, at: number) => Connection;
  /** The connection broke: its place is taken by a new one. */
  readonly broke: (id: number) => void;
}

/**
 * A balancer that spreads requests asks its router for each of them, whatever connection they come on; one that passes
 * connections through asks once for each connection, which then ends with the application that holds it.
 */
export function connectionsOf(world: World, lives: readonly Life[], router: Router, random: Random): Connections {
  let next = 1;
  const slots = new Map<number, Slot>();
  const stale = new Set<number>();
  const isAlive = (slot: Slot, node: number, at: number): boolean => {
    if (stale.delete(slot.id)) return false;
    if (!world.passesThrough) return true;
    const life = lives[slot.target];
    const hasStopped = life !== undefined && life.stopAt > slot.bornAt && life.stopAt <= at;
    return !hasStopped && openAt(world, lives, node, at).includes(slot.target);
  };
  const route = (node: number, at: number) => router.pick(openAt(world, lives, node, at), node, at);
  return {
    take(lane, node, at) {
      if (lane !== REUSE) return { id: next++, use: 1, target: route(node, at) };
      const key = node * POOL + Math.floor(random() * POOL);
      let slot = slots.get(key);
      if (slot === undefined || !isAlive(slot, node, at)) {
        slot = { id: next++, use: 0, target: world.passesThrough ? route(node, at) : -1, bornAt: at };
        slots.set(key, slot);
      }
      slot.use++;
      return { id: slot.id, use: slot.use, target: world.passesThrough ? slot.target : route(node, at) };
    },
    broke: (id) => stale.add(id),
  };
}
