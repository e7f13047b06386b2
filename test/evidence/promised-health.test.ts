import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/domain/event.js';
import { brokenControlPromise, brokenHealthPromise } from '../../src/evidence/promised-health.js';
import { factsOf, type Row, scenarioOf } from '../runs/fact-builder.js';

const window = { from: 5000, to: 60_000 };
const started = (healthEveryMs: number | null): RunEvent => ({
  kind: 'traffic-started',
  at: 0,
  source: 'node',
  warmUpEndsAt: 0,
  healthEveryMs,
});
const report = (at: number): RunEvent => ({
  kind: 'generator-health',
  at,
  source: 'node',
  eventLoopDelayMaxMs: 1,
  sent: 0,
  ended: 0,
  dropped: 0,
  inFlight: 0,
  cpuMs: 0,
});
const found = (events: readonly RunEvent[]) => brokenHealthPromise(factsOf(scenarioOf(), [...events], []), window);

describe('brokenHealthPromise', () => {
  it('says nothing of an engine that promised nothing', () => {
    expect(found([started(null)])).toBeNull();
  });

  it('holds an engine that never reported, or fell silent, to its promise', () => {
    expect(found([started(1000)])).toBe(
      'node promised to report its health every 1 s and was silent for 55 s of the judged time',
    );
    const every = Array.from({ length: 60 }, (_, i) => report(i * 1000));
    expect(found([started(1000), ...every])).toBeNull();
    expect(found([started(1000), ...every.filter(({ at }) => at < 20_000 || at > 31_500)])).toContain(
      'silent for 13 s',
    );
    expect(found([started(1000), ...every.map((e) => ({ ...e, source: 'other' }) as RunEvent)])).not.toBeNull();
  });
});

describe('brokenControlPromise', () => {
  const promise = (hasControl?: boolean): RunEvent => ({
    kind: 'traffic-started',
    at: 0,
    source: 'node',
    warmUpEndsAt: 0,
    ...(hasControl === undefined ? {} : { hasControl }),
  });
  const probes = (source: string, sent: number): RunEvent => ({
    kind: 'control-probe',
    at: 9000,
    source,
    sent,
    failed: 0,
  });
  const some: readonly Row[] = [{ scheduledAt: 9000 }];
  const broken = (events: readonly RunEvent[], samples = some) =>
    brokenControlPromise(factsOf(scenarioOf(), [...events], samples));

  it('asks nothing of an engine that promised nothing, nor of a run without samples', () => {
    expect(broken([promise()])).toBeNull();
    expect(broken([promise(false)])).toBeNull();
    expect(broken([promise(true)], [])).toBeNull();
  });

  it('is kept by one probe of the same engine, and not by another one’s or by reports of none', () => {
    expect(broken([promise(true), probes('node', 0), probes('node', 1)])).toBeNull();
    const said = 'node promised to ask a control target too and never did';
    expect(broken([promise(true)])).toBe(said);
    expect(broken([promise(true), probes('node', 0)])).toBe(said);
    expect(broken([promise(true), probes('k6', 5)])).toBe(said);
  });
});
