import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/domain/event.js';
import type { Outage } from '../../src/domain/outage.js';
import type { JudgedSamples } from '../../src/evidence/judged-samples.js';
import { withReProbes } from '../../src/evidence/re-probes.js';
import { reProbeText } from '../../src/report/re-probe-text.js';
import { factsOf, scenarioOf } from '../runs/fact-builder.js';
import { sampleTable } from './sample-rows.js';

const probe = (seq: number, more: Record<string, unknown> = {}): RunEvent => ({
  kind: 're-probe',
  at: 20,
  source: 'test',
  seq,
  remoteIp: '10.0.0.1',
  failedAt: 10,
  failure: 'ECONNRESET',
  sentAt: 11,
  endedAt: 13,
  status: 200,
  error: null,
  errorPhase: 'none',
  bodyOk: 2,
  target: 's1',
  request: null,
  ...more,
});
const OUTAGES = [0, 1].map((index) => ({ index }) as unknown as Outage);
const table = sampleTable(Array.from({ length: 6 }, () => ({ sentAt: 1, endedAt: 10 })));
/** Rows 0 to 2 are of the first outage, 3 and 4 of the second, 5 of none. */
const OF = new Map([0, 1, 2, 3, 4].map((row) => [row, row < 3 ? 0 : 1]));
const judged = (...events: RunEvent[]) =>
  withReProbes(OUTAGES, OF, { table } as JudgedSamples, factsOf(scenarioOf(), events, [])).map((o) => o.reProbes);

describe('re-probes', () => {
  it('are laid to the outage of the failure they follow, and told with the soonest answer', () => {
    const [first, second] = judged(
      probe(0),
      probe(2, { endedAt: 30 }),
      probe(3, { status: 503, target: null }),
      probe(5),
      probe(1, { source: 'another' }),
    );
    expect(first).toEqual({ worked: 2, failed: 0, soonestMs: 3 });
    expect(second).toEqual({ worked: 0, failed: 1, soonestMs: null });
    expect(judged()).toEqual([undefined, undefined]);
  });
  it('count as failed by the rules of a sample, and not at all when our own side or a stall may be to blame', () => {
    const bad = (more: Record<string, unknown>) => judged(probe(0, more))[0];
    expect(bad({ status: 0, error: 'ECONNREFUSED', errorPhase: 'connect' })).toMatchObject({ failed: 1 });
    expect(bad({ bodyOk: 0 })).toMatchObject({ failed: 1 });
    expect(bad({ status: 0, error: 'EMFILE', errorPhase: 'connect' })).toBeUndefined();
    const late = probe(0, { status: 0, error: 'ROLLPROOF_TIMEOUT', errorPhase: 'headers' });
    expect(judged(late)[0]).toMatchObject({ failed: 1 });
    const stall: RunEvent = { kind: 'stall', at: 40, source: 'test', from: 12, to: 13 };
    expect(judged(late, stall)[0]).toBeUndefined();
  });
  it('are put in one sentence', () => {
    const said = (worked: number, failed: number, soonestMs: number | null) =>
      reProbeText({ ...OUTAGES[0]!, reProbes: { worked, failed, soonestMs } })?.replaceAll('\u00a0', ' ');
    expect(said(2, 0, 3)).toMatch(
      /^A new connection to the same node worked 3 ms later \(2 tries\): what broke was the kept/,
    );
    expect(said(0, 1, null)).toMatch(/failed too \(1 try\)/);
    expect(said(1, 2, 3)).toBe('A new connection to the same node worked in 1 of 3 tries, first 3 ms later.');
    expect(reProbeText(OUTAGES[0]!)).toBeNull();
  });
});
