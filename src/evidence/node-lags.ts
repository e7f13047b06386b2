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

/** The requests that one node took, or may have taken. */
export interface NodeRows extends RoutedRequests {
  readonly sentAt: Float64Array;
  readonly endedAt: Float64Array;
  /** Of the type that the table's own columns come in: the loops over both stay of one kind. */
  readonly servedBy: Int16Array;
}

/**
 * The requests of each node by itself, in the order in which nodes are first seen; empty when there is but one. A failure
 * that names neither node nor target may have met any of them, so it stands with all of them; answers without an address
 * are a node of their own.
 */
export function nodesOf(requests: NodeRequests): readonly NodeRows[] {
  if (hasOneNode(requests)) return [];
  const { sentAt, endedAt, servedBy, node } = requests;
  const counts: number[] = [];
  const seen: number[] = [];
  let shared = 0;
  for (let i = 0; i < sentAt.length; i++) {
    if (servedBy[i] === ELSEWHERE) continue;
    const code = node[i]!;
    if (code === NO_NODE && servedBy[i] === NOBODY) shared++;
    else if (counts[code] === undefined) {
      counts[code] = 1;
      seen.push(code);
    } else counts[code]!++;
  }
  const found = seen.map((code) => emptyRows(counts[code]! + shared));
  const placeOf: number[] = [];
  for (const [place, code] of seen.entries()) placeOf[code] = place;
  const next = new Uint32Array(found.length);
  const put = (place: number, i: number): void => {
    const rows = found[place]!;
    const at = next[place]!++;
    rows.sentAt[at] = sentAt[i]!;
    rows.endedAt[at] = endedAt[i]!;
    rows.servedBy[at] = servedBy[i]!;
  };
  for (let i = 0; i < sentAt.length; i++) {
    if (servedBy[i] === ELSEWHERE) continue;
    if (node[i] !== NO_NODE || servedBy[i] !== NOBODY) put(placeOf[node[i]!]!, i);
    else for (let place = 0; place < found.length; place++) put(place, i);
  }
  return found;
}

function emptyRows(length: number): NodeRows {
  return {
    sentAt: new Float64Array(length),
    endedAt: new Float64Array(length),
    servedBy: new Int16Array(length),
  };
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
export function detachLagOfNodes(input: DetachLagInput & NodeRequests, nodes = nodesOf(input)): DetachLag {
  const whole = detachLag(input);
  if (nodes.length === 0) return whole;
  const lags = nodes
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
export function attachLagOfNodes(input: AttachLagInput & NodeRequests, nodes = nodesOf(input)): AttachLag {
  const whole = attachLag(input);
  if (nodes.length === 0 || whole.firstServed === null) return whole;
  const used = nodes.filter((rows) => isUsed(rows, input.attachRequestedAt, Number.POSITIVE_INFINITY));
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
