import { describe, expect, it } from 'vitest';
import { analyze } from '../../src/analyze.js';
import type { RunEvent } from '../../src/domain/event.js';
import type { RunFacts } from '../../src/domain/evidence.js';
import type { VerdictCode } from '../../src/domain/verdict.js';
import { type Row, tableOf } from './fact-builder.js';
import { rowsOf } from './table-rows.js';
import { type World, worldRun } from './world.js';

/** The facts with some events changed or dropped. */
function withEvents(facts: RunFacts, change: (events: readonly RunEvent[]) => readonly RunEvent[]): RunFacts {
  return { ...facts, events: change(facts.events) };
}
/** The facts with rows changed; the generator scheduled what then is there. */
function withRows(facts: RunFacts, change: (row: Row, i: number) => Row): RunFacts {
  return { ...facts, samples: tableOf(rowsOf(facts.samples).map(change)) };
}
const detachAt = 5000;
const inWindow = (row: Row) => row.scheduledAt > detachAt && row.scheduledAt < 15_000;

describe('runs whose cause is known', () => {
  const cases: readonly (readonly [string, World, string, string | null, RegExp])[] = [
    [
      'sleep too short',
      { afterDetachMs: 500, detachLagMs: 900 },
      'ROUTED_TO_STOPPED',
      's1',
      /still routed to s1 3\d\d ms after its application stopped; .* at least 900 ms and had 500 ms/,
    ],
    [
      'sleep too short, application unobserved',
      { afterDetachMs: 500, detachLagMs: 900, appMarks: false },
      'ROUTED_TO_STOPPED',
      's1',
      /after its deploy began/,
    ],
    [
      'requests cut by the stop',
      { graceful: false, longHoldMs: 2500 },
      'INFLIGHT_CUT',
      's1',
      /application on s1 stopped before the drain finished: \d+ requests were cut, the oldest had run 2\.\d s/,
    ],
    [
      'nobody in service',
      { attachLagMs: 4000, afterAttachMs: 500 },
      'NO_HEALTHY_INSTANCE',
      null,
      /no target was in service: s2 was detached 5\d\d ms after s1 was attached, but s1 only served again 4 s/,
    ],
    [
      'drain limit',
      { drainTimeoutMs: 1000, longHoldMs: 3000, afterDetachMs: 4000 },
      'DRAIN_TIMEOUT',
      's1',
      /drain limit of 1 s cut \d+ requests on s1/,
    ],
    [
      'draining off',
      { drainingEnabled: false, longHoldMs: 1500 },
      'DRAIN_TIMEOUT',
      's1',
      /connection draining is off: detaching s1 cut \d+ requests in flight/,
    ],
    [
      'not ready when attached',
      { readyLagMs: 1500 },
      'ATTACHED_TOO_EARLY',
      's1',
      /s1 answered 503 itself for 1\.\d s after it was attached/,
    ],
    ['broken version', { newVersionFails: 0.1 }, 'NEW_VERSION_ERRORS', null, /version v2 itself answered/],
  ];
  it.each(cases)('%s', (_name, world, code, target, sentence) => {
    const { verdict, outages } = analyze(worldRun(world));
    expect(verdict).toMatchObject({ kind: 'FAIL', exitCode: 1, codes: ['DOWNTIME_OBSERVED'] });
    expect(outages[0]?.causes[0]).toMatchObject({ code, target });
    expect(outages[0]?.causes[0].sentence).toMatch(sentence);
    expect(verdict.sentence).toMatch(/ of [\d,]+ requests failed/);
    expect(verdict.nextAction).not.toBeNull();
  });

  it('asks for the sleep that would have been long enough', () => {
    const { verdict } = analyze(worldRun({ afterDetachMs: 1000, detachLagMs: 2600 }));
    expect(verdict.nextAction).toBe('Raise rollout.sleep.afterDetach to at least 3 s.');
  });

  it('does not blame the deploy for what fails without it', () => {
    const { verdict, outages } = analyze(worldRun({ noise: 0.004 }));
    expect(verdict).toMatchObject({ kind: 'INCONCLUSIVE', codes: ['BASELINE_DIRTY', 'TOO_FEW_REQUESTS'] });
    expect(new Set(outages.map((o) => o.causes[0].code))).toEqual(new Set(['BACKGROUND']));
  });

  it('does not take stray balancer errors on a noisy service for a mechanism', () => {
    const noisy = withRows(worldRun({ longPerSecond: 0.001 }), (row, i) =>
      i % 331 === 0
        ? { ...row, status: 504, statusText: 'GATEWAY_TIMEOUT', target: null, version: null, bootId: null }
        : row,
    );
    const { verdict, counts } = analyze(noisy);
    expect(counts.baselineFailed).toBeGreaterThan(2);
    expect(verdict.codes).toContain('BASELINE_DIRTY');
  });

  it('still sees the mechanism through the noise', () => {
    expect(analyze(worldRun({ noise: 0.003, afterDetachMs: 500, detachLagMs: 900 })).verdict.codes).toEqual([
      'DOWNTIME_OBSERVED',
    ]);
  });
});

describe('runs that are not a plain failure', () => {
  const clean = worldRun();
  const judge = (facts: RunFacts) => analyze(facts).verdict;
  const drop = (kind: RunEvent['kind']) => (events: readonly RunEvent[]) => events.filter((e) => e.kind !== kind);

  it('clean', () => {
    const result = analyze(clean);
    expect(result.verdict).toMatchObject({ kind: 'PASS', exitCode: 0, codes: [], nextAction: null });
    expect(result.verdict.sentence).toMatch(/^0 of 4,\d{3} requests failed while s1 and s2 were replaced$/);
    expect(result.claims.sentences).toHaveLength(4);
    expect(result.claims.replaced).toBe('proven');
  });

  const spoiled: readonly (readonly [string, () => RunFacts, readonly VerdictCode[]])[] = [
    ['end of the run missing', () => withEvents(clean, drop('run-ended')), ['FACTS_INCOMPLETE', 'DEPLOY_INCOMPLETE']],
    ['journal cut in a line', () => ({ ...clean, eventsComplete: false }), ['FACTS_INCOMPLETE']],
    [
      'sample stream cut',
      () => ({ ...clean, streams: clean.streams.map((s) => ({ ...s, complete: false })) }),
      ['FACTS_INCOMPLETE'],
    ],
    ['end of the traffic missing', () => withEvents(clean, drop('traffic-stopped')), ['FACTS_INCOMPLETE']],
    [
      'a row missing at the end',
      () => ({ ...clean, samples: tableOf(rowsOf(clean.samples).slice(0, -1)) }),
      ['GEN_LOST'],
    ],
    [
      'records doubled',
      () => ({ ...clean, samples: tableOf([...rowsOf(clean.samples), ...rowsOf(clean.samples).slice(0, 1)]) }),
      ['FACTS_INCOMPLETE'],
    ],
    [
      'generator broke',
      () =>
        withEvents(clean, (es) => es.map((e) => (e.kind === 'traffic-stopped' ? { ...e, error: 'worker died' } : e))),
      ['GEN_LOST'],
    ],
    [
      'arrivals dropped',
      () =>
        withRows(clean, (row, i) =>
          inWindow(row) && i % 500 === 0
            ? {
                ...row,
                sentAt: null,
                endedAt: null,
                status: 0,
                error: 'ROLLPROOF_DROPPED',
                target: null,
                version: null,
              }
            : row,
        ),
      ['GEN_DROPPED', 'TOO_FEW_REQUESTS'],
    ],
    [
      'client out of files',
      () =>
        withRows(clean, (row, i) =>
          inWindow(row) && i % 500 === 0
            ? { ...row, status: 0, error: 'EMFILE', errorPhase: 'connect', target: null, version: null }
            : row,
        ),
      ['GEN_CLIENT_ERRORS', 'TOO_FEW_REQUESTS'],
    ],
    [
      'generator stood still',
      () => withEvents(clean, (es) => [...es, { kind: 'stall', at: 9000, source: 'node', from: 8500, to: 9000 }]),
      ['GEN_STALL'],
    ],
    [
      'event loop blocked',
      () =>
        withEvents(clean, (es) => [
          ...es,
          {
            kind: 'generator-health',
            at: 9000,
            source: 'node',
            eventLoopDelayMaxMs: 400,
            sent: 1,
            ended: 1,
            dropped: 0,
            inFlight: 0,
            cpuMs: 1,
          },
        ]),
      ['GEN_STALL'],
    ],
    [
      'sent late',
      () =>
        withRows(clean, (row, i) =>
          i % 50 === 0 ? { ...row, sentAt: row.scheduledAt + 150, endedAt: row.scheduledAt + 160 } : row,
        ),
      ['GEN_LATE'],
    ],
    [
      'control target failed',
      () =>
        withEvents(clean, (es) => [...es, { kind: 'control-probe', at: 9000, source: 'node', sent: 100, failed: 1 }]),
      ['CONTROL_FAILED'],
    ],
    [
      'no stamps',
      () => withRows(clean, (row) => ({ ...row, version: null })),
      ['STAMP_MISSING', 'REPLACEMENT_UNPROVEN'],
    ],
    [
      'baseline too short',
      () => worldRun({ policy: { gates: { ...clean.header.scenario.policy.gates, minBaseline: 5000 } } }),
      ['BASELINE_SHORT'],
    ],
    [
      'too slow a rate',
      () =>
        worldRun({
          ratePerSecond: 40,
          policy: { slo: 0.9, fullOutageMs: 100, gates: { ...clean.header.scenario.policy.gates, minBaseline: 10 } },
        }),
      ['LOW_RESOLUTION'],
    ],
    ['too few requests', () => worldRun({ policy: { slo: 0.9999 } }), ['TOO_FEW_REQUESTS']],
    [
      'a silent lane',
      () => withRows(clean, (row) => ({ ...row, lane: row.lane === 'reuse' ? 'new' : (row.lane ?? 'new') })),
      ['LOW_RESOLUTION'],
    ],
    [
      'a lane that the engine would not have seen anything in',
      () => {
        const { header } = clean;
        const { traffic } = header.scenario;
        const lanes = { ...traffic.lanes, reuseWeight: 0, leftOut: ['reuse'] as const };
        const scenario = { ...header.scenario, traffic: { ...traffic, engine: 'k6' as const, lanes } };
        return { ...withRows(clean, (row) => ({ ...row, lane: 'new' })), header: { ...header, scenario } };
      },
      ['LANE_NOT_RUN'],
    ],
    [
      'draining demanded, not exercised',
      () =>
        withRows(worldRun({ policy: { requireDrain: true } }), (row) => ({
          ...row,
          endedAt: (row.sentAt ?? 0) + 0.01,
        })),
      ['DRAIN_NOT_EXERCISED'],
    ],
    [
      'detached for good',
      () => withEvents(clean, (es) => es.map((e) => (e.kind === 'run-ended' ? { ...e, stillDetached: ['s2'] } : e))),
      ['DEPLOY_INCOMPLETE'],
    ],
    [
      'the second target never taken out',
      () => withEvents(clean, (es) => es.filter((e) => !(e.kind === 'balancer-call' && e.target === 's2'))),
      ['REPLACEMENT_UNPROVEN'],
    ],
    [
      'never attached again',
      () =>
        withEvents(clean, (es) =>
          es.filter((e) => !(e.kind === 'balancer-call' && e.target === 's2' && e.operation === 'attach')),
        ),
      ['REPLACEMENT_UNPROVEN'],
    ],
    [
      'a step that never ended',
      () =>
        withEvents(clean, (es) =>
          es.filter((e) => !(e.kind === 'step-done' && e.step.kind === 'deploy' && e.step.target === 's2')),
        ),
      ['DEPLOY_INCOMPLETE'],
    ],
  ];
  it.each(spoiled)('%s', (_name, facts, codes) => {
    expect(judge(facts())).toMatchObject({ kind: 'INCONCLUSIVE', exitCode: 2, codes });
  });

  it('a failed step says which and why', () => {
    const failed = withEvents(clean, (es) =>
      es.map((e): RunEvent => {
        if (e.kind === 'step-done' && e.step.kind === 'deploy' && e.step.target === 's2')
          return { ...e, kind: 'step-failed', error: 'exit code 3' };
        return e.kind === 'run-ended' ? { ...e, deploy: 'failed', error: 'exit code 3' } : e;
      }),
    );
    const { verdict } = analyze(failed);
    expect(verdict.codes).toContain('DEPLOY_INCOMPLETE');
    expect(verdict.sentence).toContain('step deploy s2 of stage roll s2 failed: exit code 3');
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s', (signal, exitCode) => {
    const stopped = withEvents(clean, (es) => [...es, { kind: 'interrupted', at: 9000, signal }]);
    expect(judge(stopped)).toMatchObject({ kind: 'INCONCLUSIVE', exitCode, codes: ['INTERRUPTED'] });
  });

  it('a refused deploy, with the reason', () => {
    const refused = withEvents(clean, (es) => [
      ...es.filter((e) => e.kind === 'traffic-started' || e.kind === 'traffic-stopped'),
      {
        kind: 'run-ended',
        at: 99_000,
        deploy: 'not-started',
        stillDetached: [],
        error: 'preflight refused: s2 is not in service',
      },
    ]);
    const { verdict } = analyze(refused);
    expect(verdict.codes[0]).toBe('NO_EVIDENCE');
    expect(verdict.sentence).toContain('preflight refused: s2 is not in service');
  });

  it('the old version still running', () => {
    expect(judge(worldRun({ stale: true }))).toMatchObject({ kind: 'FAIL', codes: ['STALE_VERSION'] });
  });

  it('a policy with a hole in it passes nothing', () => {
    for (const hole of ['slo', 'alpha', 'fullOutageMs', 'targetOutageMs', 'delta', 'mode', 'gates']) {
      const { verdict } = analyze(worldRun({ policy: { [hole]: null } }));
      expect(verdict, hole).toMatchObject({ kind: 'ERROR', exitCode: 64, codes: ['CONFIG_ERROR'] });
    }
  });

  it('a timeout during a stall is in doubt, not downtime', () => {
    const stalled = withRows(
      withEvents(clean, (es) => [...es, { kind: 'stall', at: 8200, source: 'node', from: 8000, to: 8200 }]),
      (row) =>
        row.scheduledAt > 8050 && row.scheduledAt < 8060
          ? {
              ...row,
              status: 0,
              endedAt: 8190,
              error: 'ROLLPROOF_TIMEOUT',
              errorPhase: 'headers',
              target: null,
              version: null,
            }
          : row,
    );
    const { verdict, counts } = analyze(stalled);
    expect(counts.unknown).toBeGreaterThan(0);
    expect(verdict.kind).toBe('INCONCLUSIVE');
  });
});

describe('other policies', () => {
  it('budget tolerates a few failures, and not many', () => {
    const policy = { mode: 'budget', slo: 0.99, maxOutageMs: 5000 } as const;
    expect(analyze(worldRun({ noise: 0.001, policy })).verdict.kind).toBe('PASS');
    expect(analyze(worldRun({ afterDetachMs: 500, detachLagMs: 1500, policy })).verdict.codes).toContain(
      'BUDGET_EXCEEDED',
    );
    expect(
      analyze(worldRun({ afterDetachMs: 500, detachLagMs: 900, policy: { ...policy, slo: 0.9, maxOutageMs: 10 } }))
        .verdict.codes,
    ).toEqual(['OUTAGE_TOO_LONG']);
  });

  it('attributed excuses noise, and not the deploy', () => {
    const policy = { mode: 'attributed', delta: 0.01 } as const;
    expect(analyze(worldRun({ noise: 0.003, policy })).verdict).toMatchObject({
      kind: 'PASS',
      warnings: ['BACKGROUND_FAILURES'],
    });
    const { codes } = analyze(worldRun({ noise: 0.003, afterDetachMs: 500, detachLagMs: 900, policy })).verdict;
    expect(codes).toEqual(['EXCESS_FAILURES', 'MECHANISM_WITNESSED']);
  });

  it('slow answers fail only where the policy says so', () => {
    expect(analyze(worldRun({ policy: { slowMs: 5 } })).verdict.codes).toEqual(['SLOW_REQUESTS']);
    expect(analyze(worldRun({ policy: { slowMs: 50 } })).verdict.kind).toBe('PASS');
  });
});
