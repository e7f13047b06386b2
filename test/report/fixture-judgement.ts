import type { Outage } from '../../src/domain/outage.js';
import type { ErrorGroup, FailureRow, LaneRow, Replacement } from '../../src/domain/result.js';
import type { CheckResult } from '../../src/domain/verdict.js';
import type { Passage } from './fixture-plan.js';
import type { FakeSample } from './fixture-traffic.js';

const check = (
  id: string,
  title: string,
  status: CheckResult['status'],
  measured: string,
  threshold: string,
  rest: Partial<CheckResult> = {},
): CheckResult => ({
  id,
  title,
  status,
  code: null,
  measured,
  threshold,
  message: `${title}: ${measured} (${threshold}).`,
  hint: null,
  why: 'A missing measurement is never a success.',
  ...rest,
});

export function checksOf(facts: {
  readonly failed: number;
  readonly judged: number;
  readonly upper: number;
}): readonly CheckResult[] {
  const { failed, judged, upper } = facts;
  const few = upper > 0.001;
  return [
    check('no-failure', 'No request failed', failed > 0 ? 'fail' : 'pass', `${failed} of ${judged}`, '0 failed', {
      code: failed > 0 ? 'DOWNTIME_OBSERVED' : null,
      message: failed > 0 ? `${failed} requests failed during the deploy.` : 'Every request was answered.',
      hint: failed > 0 ? 'Raise the sleep after detach.' : null,
    }),
    check('generator-lost', 'No record was lost', 'pass', '0.00 %', '≤ 0.10 %'),
    check('generator-dropped', 'Every arrival was sent', 'pass', '0.00 %', '≤ 0.10 %'),
    check('generator-stall', 'The generator never stalled', 'pass', '12.4 ms', '≤ 250 ms'),
    check('control', 'The control target answered', 'pass', '0 of 400', '≤ 0.10 %'),
    check('replacement', 'Every target left, was replaced and came back', 'pass', '2 of 2', 'all'),
    check('resolution', 'Short outages would have been seen', 'pass', '14.1 ms / 61.0 ms', '≤ 250 / 1,000 ms'),
    check(
      'enough-requests',
      'Enough requests for the objective',
      failed > 0 ? 'skipped' : few ? 'inconclusive' : 'pass',
      `≤ ${(upper * 100).toFixed(3)} %`,
      '≤ 0.100 %',
      few && failed === 0
        ? {
            code: 'TOO_FEW_REQUESTS',
            message: `${judged} requests without a failure show at most ${(upper * 100).toFixed(3)} % (95 %); the objective is 0.100 %.`,
            hint: 'Raise traffic.rate to 95/s, or raise settle to 30 s.',
          }
        : {},
    ),
    check('drain', 'Requests were in flight at the detach', 'warning', '0 in flight', '≥ 1', {
      code: 'DRAIN_NOT_EXERCISED',
      message: 'No request was in flight on staging-2 when it was detached, so draining was not tested there.',
      hint: 'Add a long lane: traffic.lanes.long.',
    }),
  ];
}

export function replacementOf(p: Passage, samples: readonly FakeSample[], lagMs: number): Replacement {
  const own = samples.filter((s) => s.target === p.id && !s.failed);
  const before = own.filter((s) => s.scheduledAt < p.attachAt);
  const after = own.filter((s) => s.scheduledAt >= p.attachAt);
  const lastRoutedAt = before.at(-1)?.scheduledAt ?? null;
  const drainEndAt = before.at(-1)?.endedAt ?? null;
  const failed = samples.some((s) => s.failed && s.target === p.id);
  const firstServedAt = after[0]?.endedAt ?? null;
  return {
    target: p.id,
    left: true,
    replaced: true,
    returned: true,
    silentSends: samples.filter((s) => s.target !== p.id && s.scheduledAt > p.detachedAt && s.scheduledAt < p.attachAt)
      .length,
    pStillIn: 1e-9,
    lastRoutedAt,
    detachLagLoMs: lagMs - 8,
    detachLagHiMs: lagMs + 31,
    drainEndAt,
    drainNeedMs: drainEndAt === null ? null : Math.round(drainEndAt - p.detachedAt),
    drainNeedHiMs: lagMs + 31,
    attachLagLoMs: 2580,
    attachLagHiMs: 2612,
    firstServedAt,
    inFlightAtDetach: 1,
    marginMs: drainEndAt === null ? null : Math.round(p.appDownAt - (failed ? p.detachedAt + lagMs : drainEndAt)),
    staleResponses: 0,
    servedOld: before.length,
    servedNew: after.length,
    oldBootId: `b-${p.id}-old`,
    newBootId: `b-${p.id}-new`,
    needLoMs: lagMs,
    needHiMs: failed ? null : lagMs + 31,
  };
}

export function laneRows(samples: readonly FakeSample[], ratePerSecond: number): readonly LaneRow[] {
  return (['new', 'reuse'] as const).map((lane) => {
    const own = samples.filter((s) => s.lane === lane);
    const failed = own.filter((s) => s.failed).length;
    return {
      lane,
      requests: own.length,
      failed,
      unknown: 0,
      totalOutageMs: 3525 / ratePerSecond,
      targetOutageMs: 15_250 / ratePerSecond,
      unobservedMs: 0,
      minAvailability: [1000, 5000, 10_000].map((windowMs) => ({
        windowMs,
        ratio: failed === 0 ? 1 : Math.max(0, 1 - 700 / windowMs),
      })),
    };
  });
}

export function outageOf(p: Passage, failures: readonly FailureRow[]): Outage {
  const first = failures[0]?.scheduledAt ?? 0;
  const last = failures.at(-1)?.endedAt ?? 0;
  const lb = failures.filter((f) => f.class === 'http_5xx_lb').length;
  const stoppedForMs = Math.round(last - p.appDownAt);
  return {
    index: 0,
    kind: 'partial',
    failures: failures.length,
    startLo: first - 22,
    startHi: first + 3,
    endLo: last - 2,
    endHi: last + 24,
    durationLoMs: last - first - 5,
    durationHiMs: last - first + 46,
    durationEstimateMs: last - first,
    openStart: false,
    openEnd: false,
    share: 0.5,
    classes: [
      { class: 'http_5xx_lb', count: lb },
      { class: 'reset', count: failures.length - lb },
    ],
    phase: `${p.id}:down`,
    stepBefore: `deploy ${p.id}`,
    causes: [
      {
        code: 'ROUTED_TO_STOPPED',
        score: 1,
        target: p.id,
        sentence: `Detach of ${p.id}: the load balancer still routed to it ${(stoppedForMs / 1000).toFixed(1)} s after the app stopped; this deploy needed a sleep of at least 2.6 s and had 1 s.`,
        hint: 'Set rollout.sleep.afterDetach to 4 s or more, or rollout.wait: both.',
      },
      {
        code: 'KEEPALIVE_RACE',
        score: 0.21,
        target: null,
        sentence: 'Resets fell on reused connections too.',
        hint: "Keep the app's keep-alive above the balancer's idle timeout.",
      },
    ],
  };
}

export function errorGroupsOf(failures: readonly FailureRow[]): readonly ErrorGroup[] {
  const groups = new Map<string, FailureRow[]>();
  for (const f of failures) {
    const key = `${f.class}|${f.lane}|${f.phase}`;
    groups.set(key, [...(groups.get(key) ?? []), f]);
  }
  return [...groups.values()]
    .map((rows) => ({ rows, first: rows[0] as FailureRow }))
    .map(({ rows, first }) => ({
      class: first.class,
      origin: first.origin,
      status: first.status,
      detail: first.detail,
      phase: first.phase,
      target: first.target,
      lane: first.lane,
      count: rows.length,
      firstAt: first.scheduledAt,
      lastAt: rows.at(-1)?.scheduledAt ?? first.scheduledAt,
    }))
    .sort((a, b) => b.count - a.count);
}
