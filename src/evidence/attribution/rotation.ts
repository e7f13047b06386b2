import type { Instant } from '../../domain/time.js';
import { type JudgedSamples, NO_TARGET } from '../judged-samples.js';
import type { TargetHistory } from '../lives.js';
import { rowsAround } from '../sending-order.js';

/** Chance that a target still in rotation is said to have left it. */
const GONE_ALPHA = 1e-4;
const NO_NODE = 0;

/** Until when each balancer node (code of its address) may have routed to a target. */
export type RoutedUntil = ReadonlyMap<number, Instant>;

interface NodeState {
  /** Logarithm of how much likelier what was seen is with the target in rotation than without. */
  score: number;
  until: Instant;
  isGone: boolean;
}

/**
 * Until when a target may have been sent requests after its detach, node by node. A sequential test from its last answer
 * on (Wald 1945): in rotation but dead it would turn 1/N of the requests into failures that name nobody; gone, only the
 * service's own share of such failures is there, so every other target's answer speaks for gone and every unnamed
 * failure against it. Given up where the likelihood ratio falls below 1e-4, and not taken up again without an answer of
 * its own: by Ville's inequality a target in rotation is given up with at most that chance, however many requests there
 * are, and chance failures long after it fell silent are not laid on it.
 * @param noise share of requests that fail without a name before the deploy.
 */
export function routedUntil(
  samples: JudgedSamples,
  life: TargetHistory,
  index: number,
  targets: number,
  noise: number,
  counts: (row: number) => boolean,
): RoutedUntil {
  const { table, ok, failed, target } = samples;
  const share = 1 / Math.max(2, targets);
  const up = Math.max(0, Math.log(share / noise));
  const down = Math.min(0, Math.log((1 - share) / (1 - noise)));
  const end = life.attachRequestedAt ?? Number.POSITIVE_INFINITY;
  const nodes = new Map<number, NodeState>();
  const range = rowsAround(table, life.detachRespondedAt, end);
  for (let row = range.first; row < range.last; row++) {
    const sentAt = table.sentAt.at(row);
    if (!(sentAt >= life.detachRespondedAt && sentAt < end)) continue;
    const code = table.remoteIp.codes.at(row);
    const isUnnamed = failed[row] === 1 && target[row] === NO_TARGET && counts(row);
    if (ok[row] !== 1 && !isUnnamed) continue;
    const state = nodes.get(code) ?? { score: 0, until: Number.POSITIVE_INFINITY, isGone: false };
    nodes.set(code, state);
    if (isUnnamed) {
      for (const each of code === NO_NODE ? nodes.values() : [state]) each.score += up;
    } else if (target[row] === index) {
      nodes.set(code, { score: 0, until: Number.POSITIVE_INFINITY, isGone: false });
    } else if (!state.isGone) {
      state.score += down;
      if (state.score < Math.log(GONE_ALPHA)) {
        state.isGone = true;
        state.until = sentAt;
      }
    }
  }
  return new Map([...nodes].map(([code, { until }]) => [code, until]));
}

/** The latest of all nodes; without any request while it was out nothing is known. */
export function latestUntil(nodes: RoutedUntil): Instant {
  return nodes.size === 0 ? Number.POSITIVE_INFINITY : Math.max(...nodes.values());
}
