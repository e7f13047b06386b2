import type { Outage, SampleClass } from '../domain/outage.js';
import type { StepSpan } from '../domain/result.js';
import type { Instant } from '../domain/time.js';
import { upperBound } from '../stats/ascending.js';
import { causesOf, isMechanism } from './attribution/causes.js';
import type { CauseContext } from './attribution/context.js';
import { type FailureView, failureView } from './attribution/failure-view.js';
import { classAt, type JudgedSamples } from './judged-samples.js';
import type { OutageWindow } from './outage-windows.js';
import type { PhasedSamples } from './phase-rows.js';
import { endsRequest } from './witness.js';

/** The outages with phase, step and causes, and what they say about the deploy as a whole. */
export interface OutageEvidence {
  readonly outages: readonly Outage[];
  /** Index of the outage by row of the sample table. */
  readonly outageOf: ReadonlyMap<number, number>;
  readonly mechanism: number;
}

/** Puts words to the outage windows: where in the pipeline, and why. */
export function outageEvidence(
  windows: readonly OutageWindow[],
  samples: JudgedSamples,
  phased: PhasedSamples,
  steps: readonly StepSpan[],
  context: CauseContext,
): OutageEvidence {
  const outageOf = new Map<number, number>();
  let mechanism = 0;
  const outages = windows.map((window, index) => {
    const failures = Array.from(window.members, (row) => failureView(samples, row));
    for (const failure of failures) {
      outageOf.set(failure.row, index);
      if (isMechanism(failure, window, context)) mechanism++;
    }
    return describe(window, index, failures, phased, steps, context, samples);
  });
  return { outages, outageOf, mechanism };
}

/** How many failures of these outages a mechanism of the deploy explains. */
export function mechanismsIn(windows: readonly OutageWindow[], samples: JudgedSamples, context: CauseContext): number {
  return windows.reduce((sum, window) => {
    const caused = Array.from(window.members, (row) => isMechanism(failureView(samples, row), window, context));
    return sum + caused.filter(Boolean).length;
  }, 0);
}

function describe(
  window: OutageWindow,
  index: number,
  failures: readonly FailureView[],
  phased: PhasedSamples,
  steps: readonly StepSpan[],
  context: CauseContext,
  samples: JudgedSamples,
): Outage {
  return {
    index,
    kind: window.kind,
    failures: window.failures,
    startLo: window.startLo,
    startHi: window.startHi,
    endLo: window.endLo,
    // The bounds of §3.3 follow the sending; what was cut long after it was sent ended no sooner than it was cut.
    endHi: Math.max(window.endHi, window.endLo),
    durationLoMs: window.durationLoMs,
    durationHiMs: Math.max(window.durationHiMs, window.durationLoMs),
    durationEstimateMs: estimateMs(window, failures, samples, context.window.to),
    openStart: window.openStart,
    openEnd: window.openEnd,
    share: window.share,
    classes: classCounts(failures, samples),
    phase: mainPhase(window, phased),
    stepBefore: stepBefore(steps, window.startHi),
    causes: causesOf(failures, window, context),
  };
}

/**
 * §3.3's estimate counts from the first failed request's sending. A request cut after seconds was sent long before the
 * fault, so the estimate here counts from the first moment at which something went wrong to the first success sent after
 * the last such moment: the end of a request that the fault ended, the sending of one that never got through.
 */
function estimateMs(
  window: OutageWindow,
  failures: readonly FailureView[],
  samples: JudgedSamples,
  end: Instant,
): number {
  const { scheduledAt, sentAt, endedAt } = samples.table;
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const { row } of failures) {
    const at = endsRequest(classAt(samples, row)) ? endedAt.at(row) : sentAt.at(row);
    first = Math.min(first, at);
    last = Math.max(last, at);
  }
  // Rows are in the order they were due: what was due after `last` was sent after it.
  let next = upperBound(scheduledAt, last);
  while (next < scheduledAt.length && samples.ok[next] !== 1) next++;
  const seen = Math.min(next < sentAt.length ? sentAt.at(next) : end, end) - first;
  return Math.max(0, Math.min(window.durationEstimateMs, seen));
}

function classCounts(failures: readonly FailureView[], samples: JudgedSamples): Outage['classes'] {
  const counts = new Map<SampleClass, number>();
  for (const { row } of failures) counts.set(classAt(samples, row), (counts.get(classAt(samples, row)) ?? 0) + 1);
  return [...counts]
    .map(([kind, count]) => ({ class: kind, count }))
    .sort((a, b) => b.count - a.count || (a.class < b.class ? -1 : 1));
}

/** The phase that holds most of the failures; the later one on a tie. */
function mainPhase(window: OutageWindow, phased: PhasedSamples): string | null {
  const counts = phased.phases.map(() => 0);
  for (const row of window.members) {
    const phase = phased.phase[row]!;
    if (phase >= 0) counts[phase]! += 1;
  }
  let best = -1;
  for (const [i, count] of counts.entries()) if (count > 0 && count >= (counts[best] ?? 0)) best = i;
  // A fault that ended after the window still happened in what was going on at its end.
  return (phased.phases[best] ?? phased.phases.at(-1))?.id ?? null;
}

/** The last step begun before the first failure can have happened. */
function stepBefore(steps: readonly StepSpan[], at: Instant): string | null {
  return steps.filter((step) => step.from <= at).at(-1)?.label ?? null;
}
