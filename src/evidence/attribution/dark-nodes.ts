import { SAMPLE_CLASSES } from '../../domain/outage.js';
import type { Instant } from '../../domain/time.js';
import { type JudgedSamples, NO_TARGET } from '../judged-samples.js';
import { rowsBySending } from '../sending-order.js';

/** A span in which a balancer node answered everything itself, with 503. Its ends are times of sending. */
export interface DarkSpan {
  readonly from: Instant;
  readonly to: Instant;
  /** When the first answers that show it were there: until then a target that was asked may have failed. */
  readonly shownAt: Instant;
}

/** Per node, as the code of its address; a balancer without known addresses is one node (0). */
export type DarkNodes = ReadonlyMap<number, readonly DarkSpan[]>;

/** One of two targets failing turns this many requests in a row into failures with a chance of 1e-6. */
const IN_A_ROW = 20;
/** So many answers in a row show that it has begun: one alone may be a stray failure of the service's own. */
const SHOWN_BY = 3;
const BALANCER = new Set([SAMPLE_CLASSES.indexOf('http_5xx_lb'), SAMPLE_CLASSES.indexOf('http_5xx')]);
const NOBODY_TO_ASK = 503;

interface OpenSpan {
  readonly from: Instant;
  to: Instant;
  shownAt: Instant;
  count: number;
}

/**
 * When each node had nobody to send to, as far as its answers show: at least 20 requests in a row, by the time they were
 * sent, that all got a 503 of the balancer's own. A node of a zone without a target is dark while the others serve, and
 * the nodes of one balancer go dark and come back one by one. A 502 or 504 ends it: somebody was asked then, and did not
 * answer well. Linear.
 */
export function darkNodes(samples: JudgedSamples): DarkNodes {
  const { table, ok } = samples;
  const isBalancers = (row: number) =>
    samples.failed[row] === 1 && BALANCER.has(samples.class[row]!) && samples.target[row] === NO_TARGET;
  const isDark = (row: number) => table.status.at(row) === NOBODY_TO_ASK;
  if (countOf(samples, isBalancers) < IN_A_ROW) return new Map();
  const open = new Map<number, OpenSpan>();
  const found = new Map<number, DarkSpan[]>();
  const close = (node: number) => {
    const span = open.get(node);
    open.delete(node);
    if (span === undefined || span.count < IN_A_ROW) return;
    found.set(node, [...(found.get(node) ?? []), { from: span.from, to: span.to, shownAt: span.shownAt }]);
  };
  // By sending: a long request that was answered must not break a span that began after it.
  const order = rowsBySending(table.sentAt);
  for (let i = 0; i < order.length; i++) {
    const row = order[i]!;
    const node = table.remoteIp.codes.at(row);
    if (ok[row] === 1) {
      if (open.size > 0) close(node);
    } else if (isBalancers(row) && isDark(row)) {
      const span = open.get(node) ?? { from: table.sentAt.at(row), to: 0, shownAt: 0, count: 0 };
      open.set(node, span);
      span.to = table.sentAt.at(row);
      if (span.count++ < SHOWN_BY) span.shownAt = Math.max(span.shownAt, table.endedAt.at(row));
    } else if (isBalancers(row)) close(node);
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
