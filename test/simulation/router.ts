import type { Random } from './random.js';
import type { Routing } from './world.js';

/** Chooses among the targets in rotation at one node. */
export interface Router {
  readonly pick: (open: readonly number[], node: number, at: number) => number;
  /** The chosen target is busy with the request until then. */
  readonly took: (target: number, node: number, until: number) => void;
}

/** The balancer's way to spread requests; each node decides by what it has seen itself. */
export function routerOf(routing: Routing, targets: number, nodes: number, random: Random): Router {
  if (routing === 'round-robin') return roundRobin(nodes);
  if (routing === 'least-outstanding') return leastOutstanding(targets, nodes, random);
  return { pick: (open) => open[Math.floor(random() * open.length)] ?? -1, took: () => {} };
}

function roundRobin(nodes: number): Router {
  const turn = new Uint32Array(nodes);
  return {
    pick: (open, node) => {
      const next = turn[node]!;
      turn[node] = next + 1;
      return open[next % open.length] ?? -1;
    },
    took: () => {},
  };
}

function leastOutstanding(targets: number, nodes: number, random: Random): Router {
  const busy = Array.from({ length: targets * nodes }, (): number[] => []);
  const outstanding = (target: number, node: number, at: number): number => {
    const key = target * nodes + node;
    const still = busy[key]!.filter((until) => until > at);
    busy[key] = still;
    return still.length;
  };
  return {
    pick: (open, node, at) => {
      let best = -1;
      let least = Number.POSITIVE_INFINITY;
      let ties = 0;
      for (const target of open) {
        const count = outstanding(target, node, at);
        if (count > least) continue;
        ties = count === least ? ties + 1 : 1;
        if (random() * ties >= 1) continue;
        least = count;
        best = target;
      }
      return best;
    },
    took: (target, node, until) => {
      busy[target * nodes + node]!.push(until);
    },
  };
}
