import { SAMPLE_CLASSES } from '../../domain/outage.js';
import type { Instant } from '../../domain/time.js';
import { type JudgedSamples, NO_TARGET } from '../judged-samples.js';
import { rowsBySending } from '../sending-order.js';

/** A span in which a balancer node answered everything itself, with an error. Both ends are times of sending. */
export interface DarkSpan {
  readonly from: Instant;
  readonly to: Instant;
}

/** Per node, as the code of its address; a balancer without known addresses is one node (0). */
export type DarkNodes = ReadonlyMap<number, readonly DarkSpan[]>;

/** One of two targets failing turns this many requests in a row into failures with a chance of 1e-6. */
const IN_A_ROW = 20;
const BALANCER = new Set([SAMPLE_CLASSES.indexOf('http_5xx_lb'), SAMPLE_CLASSES.indexOf('http_5xx')]);

/**
 * When each node had nobody to send to, as far as its answers show: at least 20 requests in a row, by the time they were
 * sent, that all got a 5xx of the balancer's own. A node of a zone without a target is dark while the others serve, and
 * the nodes of one balancer go dark and come back one by one. Linear.
 */
export function darkNodes(samples: JudgedSamples): DarkNodes {
  const { table, ok } = samples;
  const isBalancers = (row: number) =>
    samples.failed[row] === 1 && BALANCER.has(samples.class[row]!) && samples.target[row] === NO_TARGET;
  if (countOf(samples, isBalancers) < IN_A_ROW) return new Map();
  const open = new Map<number, { from: Instant; to: Instant; count: number }>();
  const found = new Map<number, DarkSpan[]>();
  const close = (node: number) => {
    const span = open.get(node);
    open.delete(node);
    if (span === undefined || span.count < IN_A_ROW) return;
    found.set(node, [...(found.get(node) ?? []), { from: span.from, to: span.to }]);
  };
  // By sending: a long request that was answered must not break a span that began after it.
  const order = rowsBySending(table.sentAt);
  for (let i = 0; i < order.length; i++) {
    const row = order[i]!;
    const node = table.remoteIp.codes[row]!;
    const at = table.sentAt[row]!;
    if (ok[row] === 1 && open.size > 0) close(node);
    else if (isBalancers(row)) {
      const span = open.get(node) ?? { from: at, to: at, count: 0 };
      open.set(node, { from: span.from, to: at, count: span.count + 1 });
    }
  }
  for (const node of [...open.keys()]) close(node);
  return found;
}

/** The dark span of a node that a moment lies in, if any. */
export function darkSpanAt(nodes: DarkNodes, node: number, at: Instant): DarkSpan | null {
  return nodes.get(node)?.find((span) => at >= span.from && at <= span.to) ?? null;
}

function countOf({ table }: JudgedSamples, isAsked: (row: number) => boolean): number {
  let count = 0;
  for (let row = 0; row < table.length; row++) count += isAsked(row) ? 1 : 0;
  return count;
}
