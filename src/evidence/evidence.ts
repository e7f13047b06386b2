import type { Evidence, RunFacts } from '../domain/evidence.js';
import type { Counts, PhaseRow, Timeline } from '../domain/result.js';
import { HELD_LANE } from '../domain/sample.js';
import type { Instant, Span } from '../domain/time.js';
import { quantilesOf } from '../stats/quantiles-of.js';
import { accessLogSummary } from './access-log.js';
import { causeContext } from './attribution/context.js';
import type { ClassColumns } from './classify.js';
import { type MatchedBaseline, matchedBaseline } from './comparison.js';
import { conductOf } from './conduct.js';
import { countsOf } from './counts.js';
import { alignmentP, eventAlignments, type Steps } from './event-alignment.js';
import { lastEvent } from './event-queries.js';
import { errorGroups, failureRows } from './failure-rows.js';
import { generatorFacts, generatorHealth } from './generator-health.js';
import { type JudgedSamples, judgedSamples } from './judged-samples.js';
import { judgedWindow, lastFactAt, warmUpEnd } from './judged-window.js';
import { laneRows, resolutionOf } from './lane-rows.js';
import { latencySummaries, slowCount } from './latency.js';
import { livesOf, type TargetHistory } from './lives.js';
import { nearMisses } from './near-misses.js';
import { isExternal, withObservedCalls } from './observed-calls.js';
import { type OutageWindow, outageWindows } from './outage-windows.js';
import { mechanismsIn, type OutageEvidence, outageEvidence } from './outages.js';
import { type PhasedSamples, phasedSamples, phaseRows } from './phase-rows.js';
import { phasesOf } from './phases.js';
import { withReProbes } from './re-probes.js';
import { recordLoss } from './record-loss.js';
import { replacements } from './replacement.js';
import { unseenNodes } from './replacement-nodes.js';
import { runInfo } from './run-info.js';
import { seriesOf } from './series.js';
import { timelineOf } from './timeline.js';

const DELTA_MS = 50;
const STANDS_OUT = 0.05;
const ALIGNED = 0.05;
const NO_OUTAGES = { outages: [], outageOf: new Map(), mechanism: 0, maybeMechanism: 0 } as const;

/** Works the facts of a run up into evidence: pure, deterministic, and never throwing for facts that end early. */
export function evidenceOf(given: RunFacts): Evidence {
  const facts = { ...given, events: withObservedCalls(given.events) };
  const { scenario } = facts.header;
  const warmEnd = warmUpEnd(facts);
  const window = judgedWindow(facts);
  const samples = judgedSamples(facts, window, warmEnd);
  const classes = classColumns(samples);
  const deltaMs = faultDelta(samples);
  const targetIds = scenario.targets.map(({ id }) => id);
  const hasDeploy = scenario.rollout.deploy.kind !== 'none' && !isExternal(facts.events);
  const { rollout } = scenario;
  const blueGreen = rollout.strategy === 'blue-green' ? (rollout.blueGreen ?? null) : null;
  const lives = livesOf(facts.events, targetIds, hasDeploy, blueGreen?.green ?? []);
  const byConnection = lastEvent(facts.events, 'balancer-facts')?.facts.balances === 'connections';
  const options = { targets: scenario.targets, ...rollout, blueGreen, warmEnd, byConnection, deltaMs };
  const replaced = replacements(samples.table, classes, lives, window ?? { from: 0, to: 0 }, options);
  const counts = countsOf(
    samples,
    replaced.reduce((sum, r) => sum + r.staleResponses, 0),
  );
  const loss = recordLoss(facts);
  const end = endOfRun(facts);
  const timeline = timelineOf(facts, end);
  const accessLog = accessLogSummary(samples, facts.accessLog ?? null, window);
  const phased = phasedSamples(
    samples,
    window === null ? [] : phasesOf(lives, window, Math.min(warmEnd, window.from)),
    window?.from ?? 0,
    deltaMs,
  );
  const comparison = window === null ? null : matchedBaseline(samples, window, counts);
  const phases = phaseRows(samples, phased, comparison ?? counts);
  const found =
    window === null || comparison === null
      ? NO_OUTAGES
      : outagesIn(facts, samples, {
          window,
          classes,
          deltaMs,
          lives,
          replaced,
          counts,
          comparison,
          phases,
          phased,
          timeline,
        });
  const failures = failureRows(samples, phased, found.outageOf);
  const sharing = { targets: targetIds.length, byConnection };
  const lanes = laneRows(samples, window, scenario.traffic, sharing);
  return {
    run: runInfo(facts, timeline.steps, end),
    conduct: conductOf(facts, loss, samples.broken),
    window,
    baseline: counts.baseline === 0 ? null : { from: warmEnd, to: window?.from ?? end },
    counts,
    comparison,
    health: generatorHealth(facts, samples, window, counts, loss),
    resolution: resolutionOf(samples, lanes, window, scenario.traffic, sharing),
    lanes,
    phases,
    outages: withReProbes(found.outages, found.outageOf, samples, facts),
    replacements: replaced,
    toReplace: targetIds,
    mechanism: found.mechanism,
    ...(found.maybeMechanism > found.mechanism ? { maybeMechanism: found.maybeMechanism } : {}),
    nearMisses: nearMisses(replaced, lives),
    unseenNodes: unseenNodes(samples.table, classes, lives, options).map((n) => ({
      node: n.remoteIp,
      target: n.target,
      sends: n.silentSends,
    })),
    slow: slowCount(samples, scenario.policy.slowMs),
    timeline,
    series: seriesOf(samples, targetIds),
    latency: latencySummaries(samples),
    errors: errorGroups(samples, phased),
    failures: failures.rows,
    failuresOmitted: failures.omitted,
    generator: generatorFacts(facts, samples, window, counts, loss),
    alignment:
      window === null || counts.failed === 0
        ? []
        : eventAlignments(
            samples,
            found.outages.map(({ startHi }) => startHi),
            stepsOf(lives),
            window,
          ),
    ...(accessLog === null ? {} : { accessLog }),
  };
}

interface OutageInput {
  readonly window: Span;
  readonly classes: ClassColumns;
  readonly deltaMs: number;
  readonly lives: readonly TargetHistory[];
  readonly replaced: Evidence['replacements'];
  readonly counts: Counts;
  readonly comparison: MatchedBaseline;
  readonly phases: readonly PhaseRow[];
  readonly phased: PhasedSamples;
  readonly timeline: Timeline;
}

/** The outages with, beside the failures the deploy caused, those it may have caused if a step began as early as it may have. */
function outagesIn(
  facts: RunFacts,
  samples: JudgedSamples,
  input: OutageInput,
): OutageEvidence & { readonly maybeMechanism: number } {
  if (input.counts.failed === 0) return NO_OUTAGES;
  const { scenario } = facts.header;
  const { window, lives, deltaMs } = input;
  const windows = outageWindows({
    ...input.classes,
    sentAt: samples.table.sentAt,
    endedAt: samples.table.endedAt,
    targets: scenario.targets.length,
    deltaMs,
    ratePerSecond: scenario.traffic.ratePerSecond,
    ...window,
  });
  const about = {
    samples,
    lives,
    replacements: input.replaced,
    targetIds: scenario.targets.map(({ id }) => id),
    window,
    deltaMs,
    version: scenario.rollout.version,
    previousVersion: scenario.rollout.previousVersion,
    balancer: lastEvent(facts.events, 'balancer-facts')?.facts ?? null,
    baselineFailed: input.counts.baselineFailed,
    comparison: input.comparison,
    noPhaseStandsOut: input.phases.every((row) => row.excessP === null || row.excessP > STANDS_OUT),
    isUnaligned: alignmentP(windows.map(firstFailureAt), changes(lives), window) > ALIGNED,
  };
  const found = outageEvidence(windows, samples, input.phased, input.timeline.steps, causeContext(about));
  if (!lives.some((life) => life.observed === true)) return { ...found, maybeMechanism: found.mechanism };
  // As if every call had had its effect at the first moment it may have had it.
  const eager = { ...about, lives: lives.map((life) => ({ ...life, observed: false })) };
  return { ...found, maybeMechanism: mechanismsIn(windows, samples, causeContext(eager)) };
}

function firstFailureAt(window: OutageWindow): Instant {
  return window.startHi;
}

function changes(lives: readonly TargetHistory[]): readonly Instant[] {
  return Object.values(stepsOf(lives)).flat();
}

function stepsOf(lives: readonly TargetHistory[]): Steps {
  const known = (pick: (life: TargetHistory) => Instant | null) => lives.map(pick).filter((at) => at !== null);
  return {
    detach: known((life) => (life.joined === true ? null : life.detachRequestedAt)),
    deploy: known((life) => life.deployStartedAt),
    attach: known((life) => life.attachRequestedAt),
  };
}

/** The class columns as they stand after stalls and broken times were taken into account. */
function classColumns(samples: JudgedSamples): ClassColumns {
  const { class: kinds, origin, unknown, failed } = samples;
  const admissible = new Uint8Array(unknown.length);
  for (let row = 0; row < unknown.length; row++) admissible[row] = 1 - unknown[row]!;
  return { class: kinds, origin, failed, forgeable: samples.forged, admissible };
}

/** How long before its end a fault that ends a request may have struck: 50 ms, or the baseline's p99 if longer. */
function faultDelta(samples: JudgedSamples): number {
  const { table, ok, inBaseline } = samples;
  const took = (take: (ms: number) => void): void => {
    for (let row = 0; row < table.length; row++) {
      if (inBaseline[row] === 1 && ok[row] === 1 && table.lane.at(row) !== HELD_LANE)
        take(table.endedAt.at(row) - table.sentAt.at(row));
    }
  };
  return Math.max(DELTA_MS, quantilesOf(took, [0.99]).quantiles[0] ?? 0);
}

/** The last thing known of the run. */
function endOfRun(facts: RunFacts): Instant {
  const last = facts.events.reduce((at, event) => (Number.isFinite(event.at) ? Math.max(at, event.at) : at), 0);
  return Math.max(last, facts.samples.length === 0 ? 0 : lastFactAt([], facts.samples));
}
