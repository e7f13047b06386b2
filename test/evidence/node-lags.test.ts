import { describe, expect, it } from 'vitest';
import { columnOf } from '../../src/domain/column.js';
import { NOBODY } from '../../src/evidence/detach-lag.js';
import { attachLagOfNodes, detachLagOfNodes, nodesOf } from '../../src/evidence/node-lags.js';

type Row = readonly [sentAt: number, servedBy: number, node: number];
const requests = (rows: readonly Row[]) => ({
  sentAt: columnOf(Float64Array.from(rows, ([sentAt]) => sentAt)),
  endedAt: columnOf(Float64Array.from(rows, ([sentAt]) => sentAt + 1)),
  servedBy: rows.map(([, by]) => by),
  node: columnOf(Uint16Array.from(rows, ([, , node]) => node)),
});
/** Every 10 ms a request to each of two nodes, answered by target 1 unless the node still (or again) has target 0. */
function twoNodes(has: (node: number, at: number) => boolean): Row[] {
  const rows: Row[] = [];
  for (let at = 0; at < 2000; at += 10)
    for (const node of [1, 2]) rows.push([at + node, at % 20 === 0 && has(node, at) ? 0 : 1, node]);
  return rows;
}
const common = { target: 0, targets: 2, alpha: 0.05 };

describe('lags of a balancer with several nodes', () => {
  const rows = twoNodes((node, at) => at < 1000 + node * 100 || at >= 1500 + node * 100);
  const detach = { ...common, detachRespondedAt: 1000, attachRequestedAt: 1500 };
  const attach = { ...common, attachRequestedAt: 1500, attachRespondedAt: 1500 };

  it('are those of the last node: to let go, and to take back', () => {
    const out = detachLagOfNodes({ ...requests(rows), ...detach });
    expect([out.lagLo, out.lagHi]).toEqual([182, 232]);
    const back = attachLagOfNodes({ ...requests(rows), ...attach });
    expect([back.lagLo, back.lagHi]).toEqual([142, 203]);
    // When it first served is another question.
    expect(back.firstServed).toBe(1602);
  });

  it('take a failure that names nobody and no node as one of any node', () => {
    const out = detachLagOfNodes({ ...requests([...rows, [1400, NOBODY, 0]]), ...detach });
    expect(out.lagHi).toBe(1442 - 1000);
  });

  it('know nothing of a node that was asked and never sent it anything', () => {
    const never = twoNodes((node, at) => at < 1100 || (node === 1 && at >= 1600));
    expect(attachLagOfNodes({ ...requests(never), ...attach }).lagHi).toBeNull();
    expect(attachLagOfNodes({ ...requests(never), ...attach }).firstServed).toBe(1602);
  });

  it('leave out a node that was not used meanwhile', () => {
    const early: Row[] = [...rows, [10, 0, 3], [20, 0, 3]];
    expect(detachLagOfNodes({ ...requests(early), ...detach }).lagHi).toBe(232);
  });
});

describe('nodesOf', () => {
  const lengths = (rows: readonly Row[]) => nodesOf(requests(rows)).map((node) => node.requests);
  it('sees a node that took the first request alone', () => {
    expect(
      lengths([
        [1, 1, 2],
        [2, 1, 1],
        [3, 1, 1],
      ]),
    ).toEqual([1, 2]);
    expect(
      lengths([
        [1, 1, 2],
        [2, 1, 2],
      ]),
    ).toEqual([]);
  });
  it('keeps answers without an address apart, and lets a failure that names nobody stand with every node', () => {
    expect(
      lengths([
        [1, 1, 0],
        [2, 1, 1],
        [3, 1, 2],
      ]),
    ).toEqual([1, 1, 1]);
    expect(
      lengths([
        [1, 1, 1],
        [2, 1, 2],
        [3, NOBODY, 0],
      ]),
    ).toEqual([2, 2]);
  });
});
