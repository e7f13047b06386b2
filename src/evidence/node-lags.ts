import type { Column } from '../domain/column.js';
import { type AttachLag, type AttachLagInput, attachLags } from './attach-lag.js';
import {
  type DetachLag,
  type DetachLagInput,
  detachLags,
  ELSEWHERE,
  EVERY_NODE,
  NOBODY,
  type NodeGroups,
  ONE_GROUP,
  type RoutedRequests,
} from './detach-lag.js';

/** Requests with the balancer node each of them went through. */
export interface NodeRequests extends RoutedRequests {
  /** Code of the node's address; 0 = not known. */
  readonly node: Column;
}

/** Code of an address that is not known. */
const NO_NODE = 0;

/** One node of the balancer. */
export interface NodeShare {
  /** Of its address; 0 = not known. */
  readonly code: number;
  /** How many requests it took, or may have taken. */
  readonly requests: number;
}

/**
 * The nodes that took requests, in the order in which they are first seen; empty when there is but one. A failure that
 * names neither node nor target may have met any of them, so it stands with all of them; answers without an address are
 * a node of their own.
 */
export function nodesOf({ servedBy, node }: Pick<NodeRequests, 'servedBy' | 'node'>): readonly NodeShare[] {
  const counts: number[] = [];
  const seen: number[] = [];
  let shared = 0;
  for (let i = 0; i < node.length; i++) {
    const by = servedBy[i]!;
    if (by === ELSEWHERE) continue;
    const code = node.at(i);
    if (code === NO_NODE && by === NOBODY) shared++;
    else if (counts[code] === undefined) {
      counts[code] = 1;
      seen.push(code);
    } else counts[code]!++;
  }
  // Nobody's failures alone, or all with one node: there is nothing to tell apart.
  const codes = new Set(shared > 0 ? [...seen, NO_NODE] : seen);
  return codes.size < 2 ? [] : seen.map((code) => ({ code, requests: counts[code]! + shared }));
}

/** The group of each request, by the place of its node in the list. */
function groupsOf({ servedBy, node }: NodeRequests, nodes: readonly NodeShare[]): NodeGroups {
  if (nodes.length === 0) return ONE_GROUP;
  const placeOf = new Int32Array(1 + nodes.reduce((most, { code }) => Math.max(most, code), 0)).fill(EVERY_NODE);
  for (const [place, { code }] of nodes.entries()) placeOf[code] = place;
  return {
    count: nodes.length,
    groupOf: (i) => {
      const code = node.at(i);
      return code === NO_NODE && servedBy[i] === NOBODY ? EVERY_NODE : placeOf[code]!;
    },
  };
}

/**
 * Detach lag of a balancer whose nodes each let go at their own time (verdict.md §6): when the last of them did. All
 * requests together would show that one only with its share of the traffic, so each node that was used while the target
 * was out is bounded by itself, and the latest bounds count. They cover as often as those of one node: a true lag beyond
 * them is beyond those of the node it belongs to. With one node the same as `detachLag`.
 */
export function detachLagOfNodes(input: DetachLagInput & NodeRequests, nodes = nodesOf(input)): DetachLag {
  const { whole, nodes: each } = detachLags(input, groupsOf(input, nodes));
  const lags = each.filter(({ isUsed }) => isUsed);
  if (lags.length === 0) return whole;
  return {
    ...whole,
    lagHi: latest(lags.map((lag) => lag.lagHi)),
    drainNeedHi: latest([drainedAtMost(input, whole), ...lags.map((lag) => lag.drainNeedHi)]),
    // It is still in rotation if it is so at any node.
    pStillIn: Math.min(
      1,
      lags.reduce((sum, lag) => sum + lag.pStillIn, 0),
    ),
    proven: lags.every((lag) => lag.proven),
  };
}

function drainedAtMost(input: DetachLagInput, { drainEnd }: DetachLag): number {
  return drainEnd === null ? Number.NEGATIVE_INFINITY : drainEnd - (input.detachedFrom ?? input.detachRespondedAt);
}

/**
 * Attach lag of a balancer whose nodes each take a target back at their own time: until the last of them did, for until
 * then requests through that node still miss it, and that is what a sleep after the attach has to cover. The lower
 * bounds share alpha, for the latest of several is taken. With one node the same as `attachLag`.
 */
export function attachLagOfNodes(input: AttachLagInput & NodeRequests, nodes = nodesOf(input)): AttachLag {
  const { whole, nodes: lags } = attachLags(input, groupsOf(input, nodes));
  if (nodes.length === 0 || whole.firstServed === null) return whole;
  return {
    ...whole,
    lagLo: lags.reduce((most, lag) => Math.max(most, lag.lagLo ?? most), Number.NEGATIVE_INFINITY),
    // A node that was used and never sent it anything has not taken it back as far as anybody knows.
    lagHi: latest(lags.map((lag) => lag.lagHi)),
  };
}

/** The largest; null when one of them is not known. */
function latest(values: readonly (number | null)[]): number | null {
  let most = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value === null) return null;
    most = Math.max(most, value);
  }
  return most;
}
