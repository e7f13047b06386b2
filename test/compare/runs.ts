import type { RunSummary, StudyRun, TargetNeedFacts, Variant } from '../../src/domain/comparison.js';

/** One target's need, seen to its end. */
export const need = (
  detachNeedMs: number | null,
  attachLagMs: number | null = 100,
  tooShort = false,
): TargetNeedFacts => ({
  target: 'staging',
  detachNeedMs,
  attachLagMs,
  tooShort,
});

/** A passed run of two targets that needed 2 s and slept 5 s; override what a test is about. */
export function summaryOf(change: Partial<RunSummary> = {}): RunSummary {
  return {
    runId: 'lab-1',
    dir: 'runs/lab/1',
    scenario: 'lab',
    startedAt: '2026-01-01T00:00:00.000Z',
    toolVersion: '0.0.0',
    place: { environment: 'lab', balancerKind: 'lab', balancerName: 'lab (lab-fast)' },
    version: 'v2',
    previousVersion: 'v1',
    afterDetachMs: 5000,
    afterAttachMs: 5000,
    wait: 'sleep',
    deployComplete: true,
    verdict: 'PASS',
    codes: [],
    sentence: 'nothing failed',
    judged: 4000,
    failed: 0,
    longestOutageMs: 0,
    totalOutageMs: 0,
    rateUpper: 0.00075,
    equivalentDowntimeMs: 20,
    deployMs: 22_000,
    asleepMs: 20_000,
    durationMs: 40_000,
    p99BaselineMs: 10,
    p99DeployMs: 12,
    marginMs: 3000,
    targets: [need(2000), need(1500)],
    aligned: [
      {
        target: 'staging-1',
        lastRoutedMs: 500,
        drainEndMs: 1900,
        steps: [{ kind: 'sleep', fromMs: 0, toMs: 5000 }],
        failuresMs: [],
        failures: 0,
        untilMs: 11_000,
      },
    ],
    ...change,
  };
}

/** A run of a study that slept so long; failed ones had a target still in rotation when it was stopped. */
export function runAt(variant: number, sleepMs: number, block: number, change: Partial<RunSummary> = {}): StudyRun {
  const failed = change.verdict === 'FAIL';
  const summary = summaryOf({
    runId: `lab-${variant}-${block}`,
    afterDetachMs: sleepMs,
    afterAttachMs: sleepMs,
    ...(failed ? { failed: 7, targets: [need(null, 100, true), need(1500)] } : {}),
    ...change,
  });
  return { variant, block, attempt: 1, counted: summary.verdict === 'PASS' || summary.verdict === 'FAIL', summary };
}

export const variantAt = (sleepMs: number, change: Partial<Variant> = {}): Variant => ({
  label: `sleep ${sleepMs / 1000} s`,
  group: '',
  afterDetachMs: sleepMs,
  afterAttachMs: sleepMs,
  wait: 'sleep',
  overrides: [],
  ...change,
});
