import { ALIGNED_FAILURES, type AlignedDetach, type RunSummary, type TargetNeedFacts } from '../domain/comparison.js';
import { isNeedCensored, type Replacement, type RunResult } from '../domain/result.js';
import { placeOf } from './place.js';

/** Before the detach, so that the eye sees that nothing failed then. */
const LEAD_MS = 1000;

/** The part of a result that comparisons and the ledger keep; `dir` is how the run is named to the reader. */
export function runSummary(result: RunResult, dir: string): RunSummary {
  const { run, verdict, counts, claims, latency, outages } = result;
  const { rollout } = run.scenario;
  const durations = outages.map((o) => o.durationEstimateMs);
  return {
    runId: run.id,
    dir,
    scenario: run.scenario.name,
    startedAt: run.startedAtWall,
    toolVersion: run.toolVersion,
    place: placeOf(run.scenario),
    version: rollout.version,
    previousVersion: rollout.previousVersion,
    afterDetachMs: rollout.sleep.afterDetachMs,
    afterAttachMs: rollout.sleep.afterAttachMs,
    wait: rollout.wait,
    deployComplete: run.deploy === 'complete',
    verdict: verdict.kind,
    codes: verdict.codes,
    sentence: verdict.sentence,
    judged: counts.judged,
    failed: counts.failed,
    longestOutageMs: Math.max(0, ...durations),
    totalOutageMs: durations.reduce((a, b) => a + b, 0),
    rateUpper: claims.failureProbabilityUpper,
    equivalentDowntimeMs: claims.equivalentDowntimeMs,
    deployMs: run.deployMs,
    asleepMs: run.asleepMs,
    durationMs: run.durationMs,
    p99BaselineMs: latency.baseline?.p99 ?? null,
    p99DeployMs: latency.deploy?.p99 ?? null,
    marginMs: claims.marginMs,
    targets: result.replacements.map((r) => needFacts(r, result)),
    aligned: alignedDetaches(result),
  };
}

function needFacts(r: Replacement, result: RunResult): TargetNeedFacts {
  return {
    target: r.target,
    // Below 0: it served nothing after the acknowledgement, so no sleep was needed at all.
    // Green leaves nothing and blue comes back to nothing: no sleep was needed for it.
    detachNeedMs: r.role === 'green' ? 0 : r.needHiMs === null ? null : Math.max(0, r.needHiMs),
    attachLagMs: r.role === 'blue' ? 0 : r.attachLagHiMs === null ? null : Math.max(0, r.attachLagHiMs),
    tooShort: isNeedCensored(r) || wasCutByDeploy(r.target, result),
  };
}

/**
 * Whether a request of this target, or of nobody known, failed while its deploy ran: routed to a stopped application, or
 * cut in flight as it stopped. A longer sleep would have let it end, and how much longer nobody saw.
 */
function wasCutByDeploy(target: string, { timeline, failures }: RunResult): boolean {
  const deploys = timeline.steps.filter((s) => s.kind === 'deploy' && s.target === target);
  return failures.some(({ endedAt, target: by }) => {
    if (endedAt === null || (by !== null && by !== target)) return false;
    return deploys.some((s) => endedAt >= s.from && endedAt <= s.to);
  });
}

/** Each acknowledged detach with its steps and failures up to the next one, or to the end of the judged window. */
function alignedDetaches(result: RunResult): AlignedDetach[] {
  const detaches = result.timeline.calls.filter((c) => c.operation === 'detach' && c.error === null);
  return detaches.map((call, index) => {
    const zero = call.respondedAt;
    const until = detaches[index + 1]?.requestedAt ?? result.window?.to ?? result.run.durationMs;
    const within = (at: number): boolean => at >= zero - LEAD_MS && at < until;
    const failures = result.failures.map((f) => f.endedAt ?? f.sentAt ?? f.scheduledAt).filter(within);
    const every = Math.max(1, Math.ceil(failures.length / ALIGNED_FAILURES));
    const replaced = result.replacements.find((r) => r.target === call.target);
    const since = (at: number | null | undefined): number | null => (at == null ? null : at - zero);
    return {
      target: call.target,
      lastRoutedMs: since(replaced?.lastRoutedAt),
      drainEndMs: since(replaced?.drainEndAt),
      steps: result.timeline.steps
        .filter((s) => s.to > zero && s.from < until)
        .map((s) => ({ kind: s.kind, fromMs: Math.max(-LEAD_MS, s.from - zero), toMs: Math.min(until, s.to) - zero })),
      failuresMs: failures.filter((_, i) => i % every === 0).map((at) => at - zero),
      failures: failures.length,
      untilMs: until - zero,
    };
  });
}
