import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/domain/event.js';
import { evidenceOf } from '../../src/evidence/evidence.js';
import { factsOf, type Row, scenarioOf } from '../runs/fact-builder.js';

/** One request every 10 ms for 10 s; the first detach is at 5 s. */
function evidence(failing: (at: number) => Partial<Row> | null) {
  const rows: Row[] = [];
  for (let at = 0; at < 10_000; at += 10)
    rows.push({ scheduledAt: at, endedAt: at + 2, status: 200, target: 's1', version: 'v1', ...failing(at) });
  const call = { kind: 'balancer-call', at: 5010, operation: 'detach', target: 's1', error: null } as const;
  const events: RunEvent[] = [
    { kind: 'traffic-started', at: 0, source: 'node', warmUpEndsAt: 0 },
    { ...call, requestedAt: 5000, respondedAt: 5010 },
    { kind: 'traffic-stopped', at: 12_000, source: 'node', scheduled: rows.length, error: null },
  ];
  return evidenceOf(factsOf(scenarioOf(), events, rows));
}
const timeout = (at: number): Partial<Row> => ({
  endedAt: at + 1500,
  status: 0,
  error: 'ROLLPROOF_TIMEOUT',
  errorPhase: 'headers',
  target: null,
  version: null,
});

describe('matchedBaseline', () => {
  it('compares like with like when requests hang across the first detach', () => {
    const { counts, comparison } = evidence((at) => (at % 100 === 0 ? timeout(at) : null));
    // Of the 50 that hung before the detach 15 end after it: they are judged, and still fail the strict policy.
    expect([counts.baselineFailed, counts.failed]).toEqual([35, 65]);
    expect(comparison).toMatchObject({ baseline: 350, baselineFailed: 35, judged: 500, failed: 50 });
  });

  it('leaves requests that the deploy cut in the comparison, however long before it they were sent', () => {
    const cut = { endedAt: 5005, status: 0, error: 'ECONNRESET', errorPhase: 'headers', target: null } as const;
    const { counts, comparison } = evidence((at) => (at === 4000 ? cut : null));
    expect(counts.failed).toBe(1);
    expect(comparison).toMatchObject({ failed: 1, baselineFailed: 0, baseline: 499 });
  });

  it('shows where failures lie around the steps', () => {
    const { alignment } = evidence((at) => (at >= 5500 && at < 5600 ? timeout(at) : null));
    expect(alignment.map(({ event, events, outages }) => [event, events, outages])).toEqual([['detach', 1, 1]]);
    const bin = alignment[0]?.bins.find(({ from }) => from === 500);
    expect(bin).toMatchObject({ to: 750, requests: 25, failures: 10, rate: 0.4 });
    expect(evidence(() => null).alignment).toEqual([]);
  });

  it('places a held request that a step cut after that step, not where it was sent', () => {
    const cut = { endedAt: 5300, status: 0, error: 'ECONNRESET', errorPhase: 'body', lane: 'long' } as const;
    const [detach] = evidence((at) => (at === 2000 ? cut : null)).alignment;
    expect(detach?.bins.filter((b) => b.failures > 0).map((b) => b.from)).toEqual([250]);
  });
});
