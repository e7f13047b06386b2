import { describe, expect, it } from 'vitest';
import { analyze } from '../../src/analyze.js';
import { type Column, columnOf } from '../../src/domain/column.js';
import type { RunFacts } from '../../src/domain/evidence.js';
import { ERROR_PHASES, LANES } from '../../src/domain/sample.js';
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

function numbersOf(column: Column): number[] {
  return Array.from({ length: column.length }, (_, row) => column.at(row));
}

/** The same run with its kept-alive requests (without new ones: all of them) as streams of one HTTP/2 connection. */
function overH2(run: RunFacts, newWeight = 1): RunFacts {
  const { scenario } = run.header;
  const traffic = { ...scenario.traffic, lanes: { newWeight, reuseWeight: 0, h2Weight: 1, long: null } };
  const [reuse, h2] = [LANES.indexOf('reuse'), LANES.indexOf('h2')];
  const lane = numbersOf(run.samples.lane).map((code) => (code === reuse || newWeight === 0 ? h2 : code));
  const connectionId = numbersOf(run.samples.connectionId).map((id, row) => (lane[row] === h2 ? 1 : id));
  return {
    ...run,
    header: { ...run.header, scenario: { ...scenario, traffic } },
    samples: {
      ...run.samples,
      lane: columnOf(Uint8Array.from(lane)),
      connectionId: columnOf(Uint32Array.from(connectionId)),
    },
  };
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

  it('claims with lane h2 what it claims with kept-alive connections, and no more', () => {
    const [http, h2] = [analyze(worldRun()), analyze(overH2(worldRun()))];
    expect(h2.verdict).toEqual(http.verdict);
    const [reuse, streams] = [http.lanes.find((l) => l.lane === 'reuse')!, h2.lanes.find((l) => l.lane === 'h2')!];
    expect(streams).toEqual({ ...reuse, lane: 'h2', connections: { used: 1, failed: 0 } });
    expect(h2.lanes.map(({ lane }) => lane)).toEqual(['new', 'long', 'h2']);
    expect(h2.claims.sentences[0]).toMatch(/\(new\) \/ .*\(h2\)/);
    expect(h2.claims.targetOutageMs).toBe(http.claims.targetOutageMs);
    expect(h2.latency).toEqual(http.latency);
    expect(h2.series.heatmap).toEqual(http.series.heatmap);

    const tcp = analyze(byConnection(overH2(worldRun())));
    expect(tcp.lanes.find((l) => l.lane === 'h2')?.targetOutageMs).toBeNull();
    expect(tcp.claims.targetOutageMs).toBe(http.lanes.find((l) => l.lane === 'new')?.targetOutageMs);
    const alone = analyze(byConnection(overH2(worldRun(), 0)));
    expect(alone.verdict).toMatchObject({ kind: 'INCONCLUSIVE', codes: expect.arrayContaining(['LOW_RESOLUTION']) });
  });

  it('does not take answers on connections that lead elsewhere for a target that has left', () => {
    const left = (run: RunFacts) => analyze(run).replacements.map(({ left: has, silentSends }) => [has, silentSends]);
    const [spread, pinned] = [left(overH2(worldRun(), 0)), left(byConnection(overH2(worldRun(), 0)))];
    for (const [i, [has, silent]] of spread.entries()) {
      expect(has).toBe(true);
      expect(pinned[i]).toEqual([false, 0]);
      expect(silent).toBeGreaterThan(10);
    }
    // Where some are new, those alone count.
    const some = left(byConnection(overH2(worldRun())));
    const all = left(overH2(worldRun()));
    for (const [i, [has, silent]] of some.entries()) {
      expect(has).toBe(true);
      expect(silent).toBeLessThan(all[i]![1] as number);
    }
  });

  it('fails on one GOAWAY, and says on how many connections its many failures lie', () => {
    const run = overH2(worldRun());
    const { samples } = run;
    const lanes = numbersOf(samples.lane);
    const streams = [...lanes.keys()].filter((row) => LANES[lanes[row]!] === 'h2');
    const middle = Math.floor(streams.length / 2);
    const cut = streams.slice(middle, middle + 10);
    const codes = Uint16Array.from(numbersOf(samples.error.codes));
    const values = [...samples.error.values, 'ROLLPROOF_H2_GOAWAY_NO_ERROR'];
    const status = Uint16Array.from(numbersOf(samples.status));
    const errorPhase = Uint8Array.from(numbersOf(samples.errorPhase));
    for (const row of cut) {
      codes[row] = values.length - 1;
      status[row] = 0;
      errorPhase[row] = ERROR_PHASES.indexOf('headers');
    }
    const broken = analyze({
      ...run,
      samples: {
        ...samples,
        error: { codes: columnOf(codes), values },
        status: columnOf(status),
        errorPhase: columnOf(errorPhase),
      },
    });
    expect(broken.verdict.kind).toBe('FAIL');
    expect(broken.errors.map((e) => [e.class, e.origin, e.lane])).toEqual(
      broken.errors.map(() => ['reset', 'path', 'h2']),
    );
    expect(broken.errors.reduce((sum, e) => sum + e.count, 0)).toBe(10);
    expect(broken.lanes.find((l) => l.lane === 'h2')).toMatchObject({
      failed: 10,
      connections: { used: 1, failed: 1 },
    });
  });
});
