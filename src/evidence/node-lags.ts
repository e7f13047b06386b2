import type { Instant } from '../domain/time.js';
import { type AttachLag, type AttachLagInput, attachLag } from './attach-lag.js';
import {
  type DetachLag,
  type DetachLagInput,
  detachLag,
  ELSEWHERE,
  NOBODY,
  type RoutedRequests,
} from './detach-lag.js';

/** Requests with the balancer node each of them went through. */
export interface NodeRequests extends RoutedRequests {
  /** Code of the node's address; 0 = not known. */
  readonly node: ArrayLike<number>;
}

/** Code of an address that is not known. */
const NO_NODE = 0;

interface NodeRows extends RoutedRequests {
  readonly sentAt: Float64Array;
}

/**
 * The requests of each node by itself. A failure that names neither node nor target may have met any of them, so it
 * stands with all of them; answers without an address are a node of their own.
 */
function rowsByNode(requests: NodeRequests): readonly NodeRows[] {
  const counts = new Map<number, number>();
  const isShared = (i: number) => requests.node[i] === NO_NODE && requests.servedBy[i] === NOBODY;
  let shared = 0;
  for (let i = 0; i < requests.sentAt.length; i++) {
    if (requests.servedBy[i] === ELSEWHERE) continue;
    if (isShared(i)) shared++;
    else counts.set(requests.node[i]!, (counts.get(requests.node[i]!) ?? 0) + 1);
  }
  return [...counts].map(([node, count]) => {
    const size = count + shared;
    const rows = {
      sentAt: new Float64Array(size),
      endedAt: new Float64Array(size),
      servedBy: new Int32Array(size),
    };
    let next = 0;
    for (let i = 0; i < requests.sentAt.length; i++) {
      if (requests.servedBy[i] === ELSEWHERE || (requests.node[i] !== node && !isShared(i))) continue;
      rows.sentAt[next] = requests.sentAt[i]!;
      rows.endedAt[next] = requests.endedAt[i]!;
      rows.servedBy[next++] = requests.servedBy[i]!;
    }
    return rows;
  });
}

function hasOneNode({ node, servedBy }: NodeRequests): boolean {
  let first = -1;
  for (let i = 0; i < node.length; i++) {
    if (servedBy[i] === ELSEWHERE || node[i] === first) continue;
    if (first >= 0) return false;
    first = node[i]!;
  }
  return true;
}

function isUsed({ sentAt }: NodeRows, from: Instant, to: Instant): boolean {
  return sentAt.some((at) => at >= from && at < to);
}

/**
 * Detach lag of a balancer whose nodes each let go at their own time (verdict.md §6): when the last of them did. All
 * requests together would show that one only with its share of the traffic, so each node that was used while the target
 * was out is bounded by itself, and the latest bounds count. They cover as often as those of one node: a true lag beyond
 * them is beyond those of the node it belongs to. With one node the same as `detachLag`.
 */
export function detachLagOfNodes(input: DetachLagInput & NodeRequests): DetachLag {
  const whole = detachLag(input);
  if (hasOneNode(input)) return whole;
  const lags = rowsByNode(input)
    .filter((rows) => isUsed(rows, input.detachRespondedAt, input.attachRequestedAt))
    .map((rows) => detachLag({ ...input, ...rows }));
  if (lags.length === 0) return whole;
  return {
    ...whole,
    lagHi: latest(lags.map((lag) => lag.lagHi)),
    drainNeedHi: latest([whole.drainNeed ?? Number.NEGATIVE_INFINITY, ...lags.map((lag) => lag.drainNeedHi)]),
    // It is still in rotation if it is so at any node.
    pStillIn: Math.min(
      1,
      lags.reduce((sum, lag) => sum + lag.pStillIn, 0),
    ),
    proven: lags.every((lag) => lag.proven),
  };
}

/**
 * Attach lag of a balancer whose nodes each take a target back at their own time: until the last of them did, for until
 * then requests through that node still miss it, and that is what a sleep after the attach has to cover. The lower
 * bounds share alpha, for the latest of several is taken. With one node the same as `attachLag`.
 */
export function attachLagOfNodes(input: AttachLagInput & NodeRequests): AttachLag {
  const whole = attachLag(input);
  if (hasOneNode(input) || whole.firstServed === null) return whole;
  const used = rowsByNode(input).filter((rows) => isUsed(rows, input.attachRequestedAt, Number.POSITIVE_INFINITY));
  const lags = used.map((rows) => attachLag({ ...input, ...rows, alpha: input.alpha / used.length }));
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
