import { describe, expect, it } from 'vitest';
import type { SampleBatch } from '../../src/domain/sample.js';
import { liveTraffic } from '../../src/run/traffic-view.js';

/** Answers as [who, when it ended]; null = nobody's stamp, NaN = none came. */
function batch(...rows: readonly (readonly [string | null, number])[]): SampleBatch {
  const values = [null, ...new Set(rows.flatMap(([who]) => (who === null ? [] : [who])))];
  const column = { codes: Uint16Array.from(rows, ([who]) => values.indexOf(who)), values };
  const nobody = { codes: new Uint16Array(rows.length), values: [null] };
  return {
    length: rows.length,
    target: column,
    version: nobody,
    error: nobody,
    bodyOk: new Uint8Array(rows.length),
    status: new Uint16Array(rows.length).fill(503),
    sentAt: new Float64Array(rows.length),
    endedAt: Float64Array.from(rows, ([, at]) => at),
  } as unknown as SampleBatch;
}

const TARGETS = [
  { id: 'a', instance: 'i-a' },
  { id: 'b', instance: 'i-b' },
];

describe('the silence of a target in the traffic', () => {
  it('counts from its last answer, good or not, to the newest of anybody', () => {
    const view = liveTraffic({ status: [[200, 200]], bodyContains: null }, TARGETS);
    view.add(batch(['a', 100], ['b', 110], ['a', 200]));
    view.add(batch(['b', 250], ['b', 900], [null, 5_000], ['b', Number.NaN]));
    expect(view.silence('a', 0)).toMatchObject({ ms: 700, others: 2 });
    expect(view.silence('b', 0)).toMatchObject({ ms: 0, others: 0 });
  });
  it('counts from `since` where that is later, and nothing without answers', () => {
    const view = liveTraffic({ status: [[200, 200]], bodyContains: null }, TARGETS);
    expect(view.silence('a', 50)).toMatchObject({ ms: 0, others: 0 });
    view.add(batch(['a', 100], ['b', 300]));
    expect(view.silence('a', 250)).toMatchObject({ ms: 50, others: 1 });
  });
  it('is no silence of a target that was never heard of by a name of its own', () => {
    const view = liveTraffic({ status: [[200, 200]], bodyContains: null }, TARGETS);
    view.add(batch(['b', 100], ['b', 9_000]));
    expect(view.silence('a', 200)).toMatchObject({ ms: 0, others: 0 });
    view.add(batch(['i-a', 9_500], ['b', 9_600]));
    expect(view.silence('a', 200)).toMatchObject({ ms: 100, others: 1 });
  });
  it('starts again when an answer comes late', () => {
    const view = liveTraffic({ status: [[200, 200]], bodyContains: null }, TARGETS);
    view.add(batch(['a', 100], ['b', 900]));
    view.add(batch(['a', 950]));
    expect(view.silence('a', 0)).toMatchObject({ ms: 0, others: 0 });
  });
});
