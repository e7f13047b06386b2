import { describe, expect, it } from 'vitest';
import { spreadsRequests } from '../../src/evidence/attribution/layer.js';
import { judgedSamples } from '../../src/evidence/judged-samples.js';
import { factsOf, type Row, scenarioOf } from '../runs/fact-builder.js';

/** Requests on connection 7, one after the other: who answered, in which lane. */
function spreads(answers: readonly (readonly [target: string, change?: Partial<Row>])[]): boolean {
  const rows = answers.map(([target, change], at): Row => {
    const base = { scheduledAt: at, endedAt: at + 1, status: 200, target, version: 'v1', lane: 'reuse' as const };
    return { ...base, connectionId: 7, connectionUse: at + 1, ...change };
  });
  return spreadsRequests(judgedSamples(factsOf(scenarioOf(), [], rows), { from: 0, to: 2000 }, 0));
}

describe('spreadsRequests', () => {
  it('takes one connection with answers of two targets for a balancer of requests', () => {
    expect(spreads([['s1'], ['s1'], ['s2']])).toBe(true);
    expect(spreads([['s1'], ['s1'], ['s1']])).toBe(false);
    expect(spreads([['s1'], ['s2', { connectionId: 8 }]])).toBe(false);
  });
  it('learns nothing from failures, from who gave no name, from no connection, and from connections used once', () => {
    expect(spreads([['s1'], ['s2', { status: 502 }]])).toBe(false);
    expect(spreads([['s1'], ['nobody']])).toBe(false);
    expect(
      spreads([
        ['s1', { connectionId: 0 }],
        ['s2', { connectionId: 0 }],
      ]),
    ).toBe(false);
    expect(
      spreads([
        ['s1', { lane: 'new' }],
        ['s2', { lane: 'new' }],
      ]),
    ).toBe(false);
  });
});
