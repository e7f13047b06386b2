import { type PhaseRow, RESULT_SCHEMA, type RunResult } from '../../src/domain/result.js';
import type { Verdict } from '../../src/domain/verdict.js';
import { alignmentOf } from './fixture-alignment.js';
import { checksOf, errorGroupsOf, laneRows, outageOf, replacementOf } from './fixture-judgement.js';
import { type Passage, passage, phaseSpans, scenarioOf, timelineOf } from './fixture-plan.js';
import { type FakeSample, failureRows, fakeSamples, fakeSeries, latencySummary } from './fixture-traffic.js';

/** What differs between the fixtures. */
export interface FixturePlan {
  readonly sleepMs: number;
  readonly ratePerSecond: number;
  readonly lagMs: readonly [number, number];
}

/** 0 of n at 95 %. */
const zeroFailureUpper = (n: number): number => -Math.expm1(Math.log(0.05) / n);
const grouped = (n: number): string => n.toLocaleString('en-US');

function verdictOf(failed: number, judged: number, upper: number): Verdict {
  if (failed > 0)
    return {
      kind: 'FAIL',
      exitCode: 1,
      codes: ['DOWNTIME_OBSERVED'],
      warnings: ['DRAIN_NOT_EXERCISED'],
      sentence: `${failed} of ${grouped(judged)} requests failed within 1.5 s of deploy staging-1: the load balancer still sent to staging-1 after its app had stopped, because the sleep after detach was 1 s and 2.6 s were needed.`,
      nextAction: 'Set rollout.sleep.afterDetach to 4 s or more, or rollout.wait: both, and run again.',
    };
  if (upper > 0.001)
    return {
      kind: 'INCONCLUSIVE',
      exitCode: 2,
      codes: ['TOO_FEW_REQUESTS'],
      warnings: ['DRAIN_NOT_EXERCISED'],
      sentence: `No request failed, but ${grouped(judged)} requests are too few to show 99.9 %: they show ${(100 - upper * 100).toFixed(2)} %.`,
      nextAction: 'Raise traffic.rate to 95/s, or raise traffic.settle to 30 s, and run again.',
    };
  return {
    kind: 'PASS',
    exitCode: 0,
    codes: [],
    warnings: ['DRAIN_NOT_EXERCISED'],
    sentence: `0 of ${grouped(judged)} requests failed while staging-1 and staging-2 were replaced.`,
    nextAction: null,
  };
}

function phaseRows(samples: readonly FakeSample[], first: Passage, second: Passage, endMs: number): PhaseRow[] {
  return phaseSpans(first, second, endMs).map(([from, to, kind, target]) => {
    const inside = samples.filter((s) => s.scheduledAt >= from && s.scheduledAt < to);
    const failed = inside.filter((s) => s.failed).length;
    const rate = inside.length === 0 ? 0 : failed / inside.length;
    const rateUpper = failed === 0 ? zeroFailureUpper(Math.max(1, inside.length)) : Math.min(1, rate * 1.15);
    return {
      phase: { id: target === null ? 'baseline' : `${target}:${kind}`, kind, target, from, to },
      requests: inside.length,
      failed,
      ambiguous: failed > 0 ? 1 : 0,
      rate,
      rateUpper,
      excessP: target === null ? null : failed > 0 ? 1.2e-9 : 1,
      mainError: failed > 0 ? `503 Service Unavailable: Back-end server is at capacity ×${failed}` : null,
    };
  });
}

function claimSentences(judged: number, failed: number, upper: number, marginMs: number | null): string[] {
  if (failed > 0) return [];
  return [
    'No total outage longer than 14 ms (new) / 14 ms (reuse).',
    'A one-target outage longer than 61 ms would have been seen with 99 %.',
    `0 of ${grouped(judged)} failed: failure probability in this deploy at most ${(upper * 100).toFixed(3)} % (95 %).`,
    `Both targets left, were replaced and came back; the sleep had ${((marginMs ?? 0) / 1000).toFixed(1)} s to spare.`,
  ];
}

/** A whole, self-consistent result of the made-up rollout. */
export function resultOf(plan: FixturePlan): RunResult {
  const first = passage('staging-1', 8000, plan.sleepMs, plan.lagMs[0]);
  const second = passage('staging-2', first.sleptUntil + 10, plan.sleepMs, plan.lagMs[1]);
  const endMs = second.sleptUntil + 2000;
  const durationMs = endMs + 290;
  const targets = [first, second].map((p, i) => ({
    id: p.id,
    routedUntil: p.detachedAt + (plan.lagMs[i] ?? 0),
    routedFrom: p.healthyAt,
    appDownAt: p.appDownAt,
  }));
  const traffic = { ratePerSecond: plan.ratePerSecond, durationMs: endMs, targets };
  const all = fakeSamples(traffic, 42);
  const judged = all.filter((s) => s.scheduledAt >= first.detachAt);
  const baseline = all.filter((s) => s.scheduledAt >= 3000 && s.scheduledAt < first.detachAt);
  const phases = phaseRows(all, first, second, endMs);
  const phaseAt = (at: number) => phases.find((p) => at >= p.phase.from && at < p.phase.to)?.phase.id ?? null;
  const failures = failureRows(judged, phaseAt);
  const failed = failures.length;
  const upper = zeroFailureUpper(judged.length);
  const replacements = [first, second].map((p, i) => replacementOf(p, all, plan.lagMs[i] ?? 0));
  const marginMs = Math.min(...replacements.map((r) => r.marginMs ?? 0));
  return {
    schema: RESULT_SCHEMA,
    run: {
      id: '20250301T101500Z-checkout',
      scenario: scenarioOf(plan.sleepMs, plan.ratePerSecond),
      scenarioFile: 'scenarios/checkout.yaml',
      command: ['rollproof', 'run', '-c', 'scenarios/checkout.yaml', '--yes'],
      startedAtWall: '2025-03-01T10:15:00.000Z',
      durationMs,
      toolVersion: '0.1.0',
      gitRevision: '3f9c2d1a7b8e4f60512233445566778899aabbcc',
      tools: { node: '20.19.0', lab: '0.1.0' },
      deploy: 'complete',
      stillDetached: [],
      deployMs: second.sleptUntil - first.detachAt,
      asleepMs: 2 * plan.sleepMs + 12_000,
      balancer: {
        kind: 'elb-classic',
        name: 'checkout-lb',
        dnsName: 'checkout-lb.lab',
        members: ['i-0a1b2c3d4e5f60001', 'i-0a1b2c3d4e5f60002'],
        drainingEnabled: true,
        drainTimeoutMs: 300_000,
        idleTimeoutMs: 60_000,
        crossZone: true,
        zones: ['lab-1a', 'lab-1b'],
        healthCheck: {
          target: 'HTTP:80/health',
          intervalMs: 1000,
          timeoutMs: 500,
          healthyThreshold: 2,
          unhealthyThreshold: 2,
        },
      },
      preflight: [
        { id: 'in-service', level: 'ok', message: '2 of 2 targets are in service', hint: null },
        {
          id: 'drain',
          level: 'warning',
          message: 'No long lane: draining is not exercised',
          hint: 'Add traffic.lanes.long',
        },
      ],
    },
    verdict: verdictOf(failed, judged.length, upper),
    claims: {
      totalOutageMs: failed > 0 ? null : 14.1,
      targetOutageMs: failed > 0 ? null : 61,
      targetConfidence: 0.99,
      failureProbabilityUpper: failed > 0 ? (failed / judged.length) * 1.13 : upper,
      equivalentDowntimeMs: failed > 0 ? null : upper * (endMs - first.detachAt),
      confidence: 0.95,
      minAvailability: [
        { windowMs: 1000, ratio: failed > 0 ? 0.0834 : 1 },
        { windowMs: 10_000, ratio: failed > 0 ? 0.81 : 1 },
      ],
      margins: replacements.map((r) => ({ target: r.target, marginMs: r.marginMs })),
      replaced: 'proven',
      marginMs,
      sentences: claimSentences(judged.length, failed, upper, marginMs),
    },
    counts: {
      judged: judged.length,
      failed,
      unknown: 0,
      baseline: baseline.length,
      baselineFailed: 0,
      total: all.length,
      sent: all.length,
      dropped: 0,
      stale: 0,
      disruptionSeconds: new Set(failures.map((f) => Math.floor(f.scheduledAt / 1000))).size,
    },
    window: { from: first.detachAt, to: endMs },
    baseline: { from: 3000, to: first.detachAt },
    phases,
    outages: failed > 0 ? [outageOf(first, failures)] : [],
    lanes: laneRows(judged, plan.ratePerSecond),
    replacements,
    checks: checksOf({ failed, judged: judged.length, upper }),
    timeline: timelineOf(first, second, durationMs),
    series: fakeSeries(all, traffic),
    latency: { baseline: latencySummary(baseline), deploy: latencySummary(judged) },
    errors: errorGroupsOf(failures),
    failures,
    failuresOmitted: 0,
    generator: {
      offeredPerSecond: plan.ratePerSecond,
      sentPerSecond: plan.ratePerSecond,
      latenessMsP50: 0.2,
      latenessMsP99: 1.1,
      latenessMsMax: 12.4,
      eventLoopDelayMaxMs: 12.4,
      stalls: [],
      lost: 0,
      dropped: 0,
      controlSent: 400,
      controlFailed: 0,
      limits: { ports: { inUse: 812, limit: 28_232 }, files: { inUse: 61, limit: 1_048_576 } },
    },
    alignment: alignmentOf([first, second], judged, baseline),
  };
}
