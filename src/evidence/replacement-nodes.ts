import type { SampleTable } from '../domain/sample.js';
import type { TargetId } from '../domain/target.js';
import { mStar } from '../stats/detection.js';
import type { ClassColumns } from './classify.js';
import { detachLag } from './detach-lag.js';
import type { TargetLife } from './phases.js';
import { LEFT_ALPHA, type ReplacementOptions } from './replacement.js';
import { previousBackAt, routedRequests, stampIndexes } from './replacement-routing.js';

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
  const used = new Set<number>();
  for (let row = 0; row < table.length; row++) if (classes.admissible[row] === 1) used.add(table.remoteIp.codes[row]!);
  const nodes = [...used].filter((code) => (table.remoteIp.values[code] ?? null) !== null);
  if (nodes.length < 2) return [];
  const stamps = stampIndexes(table.target.values, options.targets);
  const targets = options.targets.length;
  const needed = mStar(1 / targets, LEFT_ALPHA);
  return lives.flatMap((life) => {
    const target = options.targets.findIndex(({ id }) => id === life.target);
    return nodes.flatMap((node) => {
      const filter = { target, warmEnd: options.warmEnd, previousBackAt: previousBackAt(life, lives), node };
      const { silentSends } = detachLag({
        ...routedRequests(table, classes, stamps, filter),
        target,
        detachRespondedAt: life.detachRespondedAt,
        attachRequestedAt: life.attachRequestedAt ?? Number.POSITIVE_INFINITY,
        targets,
        alpha: LEFT_ALPHA,
      });
      const remoteIp = table.remoteIp.values[node] ?? '';
      return silentSends < needed ? [{ target: life.target, remoteIp, silentSends, needed }] : [];
    });
  });
}
