import { describe, expect, it } from 'vitest';
import { embeddedEngine } from '../../dist/traffic/embedded/engine.js';
import type { TrafficEngine } from '../../src/domain/ports.js';
import type { SampleBatch } from '../../src/domain/sample.js';
import { type EngineSelfTest, isBlind, SELF_TEST_FAULTS, selfTestMisses } from '../../src/domain/self-test.js';
import { realClock } from '../../src/run/clock.js';
import { patientSelfTest, QUICK_PACE, selfTestTraffic } from '../../src/self-test/self-test.js';

/** The embedded engine with its rows changed on the way: an engine that hides something. */
function withRows(change: (batch: SampleBatch) => SampleBatch): TrafficEngine {
  const engine = embeddedEngine();
  return {
    ...engine,
    run: (workload, sinks, signal) =>
      engine.run(workload, { ...sinks, samples: { append: (b) => sinks.samples.append(change(b)) } }, signal),
  };
}

async function testOf(engine: TrafficEngine): Promise<EngineSelfTest> {
  const originNs = process.hrtime.bigint();
  const outcome = await patientSelfTest(
    async (port, pace) => ({
      engine,
      workload: {
        source: 'embedded',
        runId: 'self-test',
        ...selfTestTraffic(port, 'GET', pace, 'embedded'),
        monotonicOriginNs: String(originNs),
        startAt: 0,
        maxDurationMs: 20_000,
      },
      pace,
      faults: SELF_TEST_FAULTS,
      promised: () => true,
    }),
    QUICK_PACE,
    realClock(originNs),
    () => false,
  );
  const about = { engine: 'embedded', version: null, method: 'GET', toolVersion: '1', node: 'v20' };
  return { ...about, testedAtWall: '2026-01-01T00:00:00.000Z', ...outcome };
}

/** The rows of one error made to look like answers, or left out. */
function without(error: string, text: (value: string | null) => string | null) {
  return (batch: SampleBatch): SampleBatch => {
    const hidden = batch.error.values.map((value) => value?.includes(error) === true);
    const status = batch.status.map((value, row) => (hidden[batch.error.codes[row]!] === true ? 200 : value));
    const phase = batch.errorPhase.map((value, row) => (hidden[batch.error.codes[row]!] === true ? 0 : value));
    const values = batch.error.values.map((value, at) => (hidden[at] === true ? text(value) : value));
    return { ...batch, status, errorPhase: phase, error: { ...batch.error, values } };
  };
}

describe('the self-test', () => {
  it('finds every injected fault in the rows of the embedded engine', async () => {
    const test = await testOf(embeddedEngine());
    expect(selfTestMisses(test)).toEqual([]);
    for (const { injected, seen, otherwise } of test.cases)
      expect({ seen, otherwise }).toEqual({ seen: injected, otherwise: 0 });
  });

  it('misses what an engine hides, and names it', async () => {
    const test = await testOf(withRows(without('ECONNRESET', () => null)));
    expect(selfTestMisses(test).join()).toMatch(/^dropped-rst: \d+ of \d+ were not seen$/);
  });

  it('does not take an unknown for a sighting: a drop of the generator proves nothing', async () => {
    const test = await testOf(withRows(without('ECONNREFUSED', () => 'EADDRNOTAVAIL')));
    expect(selfTestMisses(test).join()).toMatch(/^refused: \d+ of \d+ were not seen$/);
  });

  it('is no test when rows are missing, or the engine says that it broke', async () => {
    const lost = await testOf({
      ...embeddedEngine(),
      run: (w, s, signal) =>
        embeddedEngine()
          .run(w, s, signal)
          .then((end) => ({ ...end, scheduled: end.scheduled + 1 })),
    });
    expect(selfTestMisses(lost).join()).toMatch(/broke: \d+ arrivals were due and \d+ are on record/);
    const broken = await testOf({ ...embeddedEngine(), run: async () => ({ scheduled: 0, error: 'it is broken' }) });
    expect(selfTestMisses(broken)).toEqual(['the self-test broke: it is broken']);
  });
});

describe('selfTestMisses', () => {
  const base: EngineSelfTest = {
    engine: 'k6',
    version: 'v2',
    method: 'GET',
    toolVersion: '1',
    node: 'v20',
    testedAtWall: '2026-01-01T00:00:00.000Z',
    cases: [{ fault: 'hung', promised: true, injected: 9, seen: 9, otherwise: 0 }],
    resent: 0,
    error: null,
  };

  it('holds nothing against an engine that it does not vouch for', () => {
    const hidden = { fault: 'dropped-fin', promised: false, injected: 9, seen: 0, otherwise: 0 } as const;
    expect(selfTestMisses({ ...base, cases: [hidden], resent: 9 })).toEqual([]);
    expect(selfTestMisses({ ...base, cases: [{ ...hidden, promised: true }] })).toEqual([
      'dropped-fin: 9 of 9 were not seen',
    ]);
  });

  it('tells an engine that hides a kind of fault from a machine that was busy', () => {
    const fault = (seen: number) => ({ fault: 'truncated', promised: true, injected: 47, seen, otherwise: 0 }) as const;
    expect(isBlind({ ...base, cases: [fault(46)] })).toBe(false);
    expect(isBlind({ ...base, cases: [...base.cases, fault(23)] })).toBe(true);
    expect(isBlind({ ...base, cases: [{ ...fault(0), promised: false }] })).toBe(false);
    expect([1, 9].map((resent) => isBlind({ ...base, cases: [fault(47)], resent }))).toEqual([false, true]);
  });

  it('wants enough faults, no silent retries, and a test at all', () => {
    const few = { fault: 'hung', promised: true, injected: 2, seen: 2, otherwise: 0 } as const;
    expect(selfTestMisses({ ...base, cases: [few] }).join()).toMatch(/only 2 requests met it/);
    expect(selfTestMisses({ ...base, resent: 1 }).join()).toMatch(/1 requests were sent again/);
    expect(selfTestMisses({ ...base, cases: [] })).toEqual(['no fault was tested']);
  });
});
