import type { SampleTable } from '../domain/sample.js';
import type { TargetId } from '../domain/target.js';
import { mStar } from '../stats/detection.js';
import type { ClassColumns } from './classify.js';
import { NOBODY } from './detach-lag.js';
import type { TargetLife } from './phases.js';
import { LEFT_ALPHA, type ReplacementOptions } from './replacement.js';
import { previousBackAt, routedRequests, stampIndexes } from './replacement-routing.js';
import { rowsAround } from './sending-order.js';

/** A balancer node through which too few requests went to show that a target had left its rotation too. */
export interface UnseenNode {
  readonly target: TargetId;
  readonly remoteIp: string;
  readonly silentSends: number;
  readonly needed: number;
}

/**
 * Nodes of the balancer (by address) that were used but do not each prove the target's absence: a lag differs per
 * node, so silence on one says nothing on another (warning LB_NODE_UNSEEN, verdict.md §6). Empty with one node, or
 * where addresses are unknown.
 */
export function unseenNodes(
  table: SampleTable,
  classes: ClassColumns,
  lives: readonly TargetLife[],
  options: ReplacementOptions,
): UnseenNode[] {
  const nodes = usedNodes(table, classes);
  if (nodes.length < 2) return [];
  const stamps = stampIndexes(table.target.values, options.targets);
  const targets = options.targets.length;
  const needed = mStar(1 / targets, LEFT_ALPHA);
  return lives.flatMap((life) => {
    // It left nothing: where it was not seen before its attach is no question of nodes.
    if (life.joined === true) return [];
    const target = options.targets.findIndex(({ id }) => id === life.target);
    const { warmEnd, byConnection = false } = options;
    const filter = { target, warmEnd, byConnection, previousBackAt: previousBackAt(life, lives) };
    const { last } = rowsAround(table, Number.NEGATIVE_INFINITY, life.attachRequestedAt ?? Number.POSITIVE_INFINITY);
    const { servedBy } = routedRequests(table, classes, stamps, filter, last);
    const silent = silentSendsByNode(table, servedBy, target, life);
    return nodes.flatMap((node) => {
      const remoteIp = table.remoteIp.values[node] ?? '';
      const silentSends = silent[node]!;
      return silentSends < needed ? [{ target: life.target, remoteIp, silentSends, needed }] : [];
    });
  });
}

/** Codes of the addresses that took any request, in the order in which they are first seen. */
function usedNodes({ remoteIp, length }: SampleTable, { admissible }: ClassColumns): readonly number[] {
  const isSeen = new Uint8Array(remoteIp.values.length);
  const nodes: number[] = [];
  for (let row = 0; row < length; row++) {
    const code = remoteIp.codes.at(row);
    if (admissible[row] !== 1 || isSeen[code] === 1) continue;
    isSeen[code] = 1;
    if (remoteIp.values[code] != null) nodes.push(code);
  }
  return nodes;
}

/** The silent sends of a detach lag (see `DetachLag`), each node's requests taken alone, by code of its address. */
function silentSendsByNode(
  table: SampleTable,
  servedBy: ArrayLike<number>,
  target: number,
  life: TargetLife,
): Float64Array {
  const { sentAt } = table;
  const { codes, values } = table.remoteIp;
  const until = life.attachRequestedAt ?? Number.POSITIVE_INFINITY;
  const last = new Float64Array(values.length).fill(Number.NEGATIVE_INFINITY);
  for (let row = 0; row < servedBy.length; row++) {
    const by = servedBy[row]!;
    if (by !== target && !(by === NOBODY && sentAt.at(row) > life.detachRespondedAt)) continue;
    if (sentAt.at(row) < until && sentAt.at(row) > last[codes.at(row)]!) last[codes.at(row)] = sentAt.at(row);
  }
  const silent = new Float64Array(values.length);
  for (let row = 0; row < servedBy.length; row++) {
    const by = servedBy[row]!;
    if (by < 0 || by === target || !(sentAt.at(row) < until)) continue;
    if (sentAt.at(row) > last[codes.at(row)]!) silent[codes.at(row)]! += 1;
  }
  return silent;
}
