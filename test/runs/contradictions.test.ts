import { describe, expect, it } from 'vitest';
import { analyze } from '../../src/analyze.js';
import type { RunEvent } from '../../src/domain/event.js';
import type { RunFacts } from '../../src/domain/evidence.js';
import type { Scenario } from '../../src/domain/scenario.js';
import { type Row, tableOf } from './fact-builder.js';
import { rowsOf } from './table-rows.js';
import { type World, worldRun } from './world.js';

/** Stopped by Ctrl-C once s1 was out, and s1 attached again by the way out. */
function stoppedWhileOut(facts: RunFacts): RunFacts {
  const attach = { kind: 'balancer-call', operation: 'attach', target: 's1', error: null } as const;
  const scheduled = rowsOf(facts.samples).length;
  return withEvents(
    (es) => [
      ...es.filter((e) => e.at < 5500 && e.kind !== 'app-observed' && e.kind !== 'deploy-ended'),
      { kind: 'interrupted', at: 5600, signal: 'SIGINT' },
      { ...attach, at: 5700, requestedAt: 5660, respondedAt: 5700 },
      { kind: 'recovery', at: 5701, target: 's1', ok: true, message: 'attached again' },
      { kind: 'traffic-stopped', at: 30_000, source: 'node', scheduled, error: null },
      { kind: 'run-ended', at: 30_001, deploy: 'interrupted', stillDetached: [], error: 'stopped by SIGINT' },
    ],
    facts,
  );
}

type Change = (events: readonly RunEvent[]) => readonly RunEvent[];
const clean = worldRun();
const cleanRows = rowsOf(clean.samples);

function withEvents(change: Change, facts: RunFacts = clean): RunFacts {
  return { ...facts, events: change(facts.events) };
}
function withRows(change: (row: Row, i: number) => Row, facts: RunFacts = clean): RunFacts {
  return { ...facts, samples: tableOf(rowsOf(facts.samples).map(change)) };
}
function withScenario(facts: RunFacts, change: (scenario: Scenario) => Scenario): RunFacts {
  return { ...facts, header: { ...facts.header, scenario: change(facts.header.scenario) } };
}
/** Every success of the last stage turned into a failure made by the balancer. */
const failLastStage = (facts: RunFacts) =>
  withRows((row) => (row.scheduledAt > 12_000 ? { ...row, status: 503, target: null, version: null } : row), facts);

describe('facts that contradict each other never pass', () => {
  const cases: readonly (readonly [string, () => RunFacts, string])[] = [
    [
      'an end of the traffic written twice, the second one smaller',
      () =>
        withEvents((es) => [
          ...es.map((e) => (e.kind === 'traffic-stopped' ? { ...e, scheduled: e.scheduled + 500 } : e)),
          { kind: 'traffic-stopped', at: 16_500, source: 'node', scheduled: 10, error: null },
        ]),
      'GEN_LOST',
    ],
    [
      'more records than arrivals were scheduled',
      () => withEvents((es) => es.map((e) => (e.kind === 'traffic-stopped' ? { ...e, scheduled: 100 } : e))),
      'FACTS_INCOMPLETE',
    ],
    [
      'a second source that scheduled nothing',
      () => ({
        ...withEvents((es) => [
          { kind: 'traffic-started', at: 1, source: 'other', warmUpEndsAt: 500 },
          ...es,
          { kind: 'traffic-stopped', at: 16_500, source: 'other', scheduled: 0, error: null },
        ]),
        streams: [...clean.streams, { source: 'other', rows: 0, complete: true }],
      }),
      'FACTS_INCOMPLETE',
    ],
    [
      'the end of the run written twice, once as failed',
      () =>
        withEvents((es) => [
          ...es.flatMap((e): RunEvent[] => (e.kind === 'run-ended' ? [{ ...e, deploy: 'failed' }, e] : [e])),
        ]),
      'FACTS_INCOMPLETE',
    ],
    [
      'the end of the last stage missing',
      () => withEvents((es) => es.filter((e) => !(e.kind === 'stage-ended' && e.stage === 'roll s2'))),
      'DEPLOY_INCOMPLETE',
    ],
    [
      'a deploy that ended with an error in a step that is done',
      () =>
        withEvents((es) =>
          es.map((e) =>
            e.kind === 'deploy-ended' && e.target === 's2' ? { ...e, exitCode: 3, error: 'exit code 3' } : e,
          ),
        ),
      'DEPLOY_INCOMPLETE',
    ],
    [
      'a fact the journal could not hold',
      () =>
        withEvents((es) => [
          ...es,
          { kind: 'warning', at: 9000, message: 'a stall event was not recorded: `to` must be a number' },
        ]),
      'FACTS_INCOMPLETE',
    ],
    [
      'samples timed by another clock than the deploy',
      () => ({
        ...clean,
        samples: tableOf(
          cleanRows.map((r) => ({
            ...r,
            scheduledAt: r.scheduledAt + 900,
            sentAt: (r.sentAt ?? 0) + 900,
            endedAt: (r.endedAt ?? 0) + 900,
          })),
        ),
      }),
      'CLOCK_SKEW',
    ],
    [
      'samples from before the traffic began',
      () =>
        withRows((r) => ({
          ...r,
          scheduledAt: r.scheduledAt - 200,
          sentAt: (r.sentAt ?? 0) - 200,
          endedAt: (r.endedAt ?? 0) - 200,
        })),
      'CLOCK_SKEW',
    ],
    [
      'a clock that ran backwards',
      () =>
        withRows((r) =>
          (r.seq ?? 0) > 4000
            ? {
                ...r,
                scheduledAt: r.scheduledAt - 300,
                sentAt: (r.sentAt ?? 0) - 300,
                endedAt: (r.endedAt ?? 0) - 300,
              }
            : r,
        ),
      'CLOCK_SKEW',
    ],
    [
      'a whole response with an error phase',
      () => withRows((r) => (r.scheduledAt > 9000 && r.scheduledAt < 9500 ? { ...r, errorPhase: 'headers' } : r)),
      'TOO_FEW_REQUESTS',
    ],
    [
      'one balancer error whose end is missing',
      () => withRows((r, i) => (i === 4000 ? { ...r, status: 503, target: null, version: null, endedAt: null } : r)),
      'FACTS_INCOMPLETE',
    ],
    [
      'one reset that ended before it was sent',
      () =>
        withRows((r, i) =>
          i === 4000 ? { ...r, status: 0, error: 'ECONNRESET', target: null, endedAt: (r.sentAt ?? 0) - 5 } : r,
        ),
      'FACTS_INCOMPLETE',
    ],
    [
      'one answer to a request that was never sent',
      () => withRows((r, i) => (i === 4000 ? { ...r, sentAt: null, connectedAt: null, status: 503 } : r)),
      'FACTS_INCOMPLETE',
    ],
    [
      'a body that was to be checked and was not',
      () =>
        withScenario(clean, (s) => ({
          ...s,
          service: { ...s.service, ok: { ...s.service.ok, bodyContains: 'hello' } },
        })),
      'NO_EVIDENCE',
    ],
    [
      'a target nobody ever saw in rotation before its detach',
      () => withRows((r) => (r.target === 's2' && r.scheduledAt < 11_000 ? { ...r, target: 'legacy' } : r)),
      'REPLACEMENT_UNPROVEN',
    ],
    [
      'the same version again, and nothing that tells the processes apart',
      () => withRows((r) => (r.target == null ? r : { ...r, version: 'v2', bootId: null })),
      'REPLACEMENT_UNPROVEN',
    ],
  ];
  it.each(cases)('%s', (_name, facts, code) => {
    const { verdict } = analyze(facts());
    expect(verdict.kind).toBe('INCONCLUSIVE');
    expect(verdict.codes).toContain(code);
  });

  it('judges the last stage although its end is missing', () => {
    const cut = withEvents((es) => es.filter((e) => !(e.kind === 'stage-ended' && e.stage === 'roll s2')));
    expect(analyze(failLastStage(cut)).verdict.kind).toBe('FAIL');
    const timedWrong = withEvents((es) => es.map((e) => (e.kind === 'stage-ended' ? { ...e, at: 5001 } : e)));
    expect(analyze(failLastStage(timedWrong)).verdict.kind).toBe('FAIL');
  });
});

describe('what the deploy did not do is not held against it', () => {
  it('an old version still served after Ctrl-C, where somebody else deploys', () => {
    const old = withRows(
      (r) => (r.status === 200 ? { ...r, target: 's1', version: 'v1', bootId: 's1-1' } : r),
      worldRun({ stale: true, afterDetachMs: 500 }),
    );
    const kept = { ...old, samples: tableOf(rowsOf(old.samples).filter((r) => r.status === 200)) };
    expect(analyze(stoppedWhileOut(kept)).verdict).toMatchObject({ kind: 'INCONCLUSIVE', codes: ['INTERRUPTED'] });
  });

  it('a target address in IPv6, a redirect that was asked for, a call that took two tries', () => {
    const facts = withEvents(
      (es) =>
        es.flatMap((e): RunEvent[] =>
          e.kind === 'balancer-call' && e.target === 's2' && e.operation === 'detach'
            ? [
                {
                  ...e,
                  at: e.requestedAt - 1,
                  requestedAt: e.requestedAt - 300,
                  respondedAt: e.requestedAt - 1,
                  error: 'Throttling',
                },
                e,
              ]
            : [e],
        ),
      withRows((r) => ({ ...r, status: 302, remoteIp: (r.seq ?? 0) % 2 === 0 ? '2001:db8::1' : '2001:db8::2' })),
    );
    expect(analyze(facts).verdict).toMatchObject({ kind: 'PASS', warnings: [] });
  });
});

describe('more targets than two', () => {
  const targets = ['s1', 's2', 's3', 's4'];
  const four: World = { targets, policy: { targetOutageMs: 1000 } };

  it('passes when all are replaced, not when one is left out', () => {
    const whole = worldRun(four);
    expect(analyze(whole).verdict).toMatchObject({ kind: 'PASS', warnings: [] });
    const three = withEvents((es) => es.filter((e) => !(e.kind === 'balancer-call' && e.target === 's3')), whole);
    expect(analyze(three).verdict.codes).toContain('REPLACEMENT_UNPROVEN');
  });

  it('names the target of each outage', () => {
    const { verdict, outages } = analyze(worldRun({ ...four, afterDetachMs: 500, detachLagMs: 900 }));
    expect(verdict.codes).toEqual(['DOWNTIME_OBSERVED']);
    expect(outages.map((o) => [o.causes[0].code, o.causes[0].target])).toEqual(
      targets.map((target) => ['ROUTED_TO_STOPPED', target]),
    );
  });
});

describe('sentences', () => {
  it('a mechanism on a noisy service is told, not the noise', () => {
    const policy = { mode: 'attributed', delta: 0.2, excessAlpha: 1e-9 } as const;
    const noisy = withRows(
      (r, i) => (i % 50 === 0 && r.status === 200 ? { ...r, status: 500 } : r),
      worldRun({ policy, graceful: false, longHoldMs: 2500, longPerSecond: 3 }),
    );
    const { verdict, checks, outages } = analyze(noisy);
    expect(verdict.codes).toEqual(['MECHANISM_WITNESSED']);
    const mechanism = checks.find((c) => c.code === 'MECHANISM_WITNESSED');
    expect(outages.map((o) => o.causes[0].code)).toContain('BACKGROUND');
    expect(mechanism?.message).toMatch(/^\d+ failures? tied to a step of the deploy$/);
    expect(verdict.sentence).toMatch(/requests failed: \d+ of them (is|are) tied to a step of the deploy/);
    expect(verdict.sentence).not.toMatch(/without any deploy/);
    expect(verdict.nextAction).not.toMatch(/without any deploy/);
  });

  it('does not say that nothing failed before the deploy when something did', () => {
    const { checks, counts } = analyze(worldRun({ noise: 0.004 }));
    expect(counts.baselineFailed).toBeGreaterThan(0);
    expect(checks.find((c) => c.id === 'baseline-quiet')?.status).toBe('skipped');
  });

  it('no outage is at most shorter than it is at least', () => {
    for (const world of [
      { graceful: false, longHoldMs: 2500 },
      { drainTimeoutMs: 1000, longHoldMs: 3000, afterDetachMs: 4000 },
    ]) {
      const { outages } = analyze(worldRun(world));
      expect(outages.length).toBeGreaterThan(0);
      for (const o of outages) {
        expect(o.durationHiMs).toBeGreaterThanOrEqual(o.durationLoMs);
        expect(o.endHi).toBeGreaterThanOrEqual(o.endLo);
      }
    }
  });
});
