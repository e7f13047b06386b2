import { describe, expect, it } from 'vitest';
import { analyze } from '../../src/analyze.js';
import { columnOf } from '../../src/domain/column.js';
import type { RunFacts } from '../../src/domain/evidence.js';
import { LANES } from '../../src/domain/sample.js';
import { worldRun } from '../runs/world.js';

/** The same run behind a balancer that deals out connections. */
function byConnection(run: RunFacts): RunFacts {
  const events = run.events.map((event) =>
    event.kind === 'balancer-facts'
      ? { ...event, facts: { ...event.facts, kind: 'nlb', balances: 'connections' as const } }
      : event,
  );
  return { ...run, events };
}

function onlyReuse(run: RunFacts): RunFacts {
  const { scenario } = run.header;
  const traffic = { ...scenario.traffic, lanes: { ...scenario.traffic.lanes, newWeight: 0, reuseWeight: 1 } };
  const lanes = Uint8Array.from({ length: run.samples.length }, (_, row) => run.samples.lane.at(row));
  const lane = columnOf(lanes.map((code) => (LANES[code] === 'new' ? LANES.indexOf('reuse') : code)));
  return {
    ...run,
    header: { ...run.header, scenario: { ...scenario, traffic } },
    samples: { ...run.samples, lane },
  };
}

describe('a balancer that deals out connections (verdict.md §3.1)', () => {
  it('lets only new connections count for an outage of one target', () => {
    const http = analyze(worldRun());
    const tcp = analyze(byConnection(worldRun()));
    const row = (result: typeof http, lane: string) => result.lanes.find((each) => each.lane === lane);
    expect(http.verdict.kind).toBe('PASS');
    expect(tcp.verdict.kind).toBe('PASS');
    expect(row(http, 'reuse')?.targetOutageMs).toEqual(expect.any(Number));
    expect(row(tcp, 'reuse')?.targetOutageMs).toBeNull();
    expect(row(tcp, 'reuse')?.totalOutageMs).toBe(row(http, 'reuse')?.totalOutageMs);
    expect(tcp.claims.targetOutageMs).toBe(row(http, 'new')?.targetOutageMs);
  });

  it('never passes on kept-alive connections alone: all of them may have met the other target', () => {
    expect(analyze(onlyReuse(worldRun())).verdict.kind).toBe('PASS');
    const { verdict, checks, claims } = analyze(byConnection(onlyReuse(worldRun())));
    expect(verdict).toMatchObject({ kind: 'INCONCLUSIVE', codes: expect.arrayContaining(['LOW_RESOLUTION']) });
    expect(claims.targetOutageMs).toBeNull();
    expect(checks.find((check) => check.id === 'resolution')).toMatchObject({
      message: expect.stringContaining('no new connections were made'),
      hint: expect.stringContaining('traffic.lanes.new'),
    });
  });
});
