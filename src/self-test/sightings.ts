import { SAMPLE_CLASSES, type SampleClass } from '../domain/outage.js';
import type { SampleBatch } from '../domain/sample.js';
import { sampleTable } from '../domain/sample-table.js';
import type { SelfTestFault } from '../domain/self-test.js';
import type { Span } from '../domain/time.js';
import { classifySamples } from '../evidence/classify.js';

/** When the peer did what, in the run's time; `seen` counts requests sent in `attributed`. */
export interface FaultSpan {
  readonly fault: SelfTestFault;
  /** From the moment it began to the moment it ended. */
  readonly actual: Span;
  /** Around it, up to the middle of the good stretches on both sides. */
  readonly attributed: Span;
}

export interface Sighting {
  readonly seen: number;
  readonly otherwise: number;
  /** Requests sent while the fault lasted. */
  readonly sent: number;
}

/** The class each fault must be given; a slow answer is a success that took its time. */
const CLASS_OF: Readonly<Record<SelfTestFault, SampleClass>> = {
  'dropped-fin': 'reset',
  'dropped-rst': 'reset',
  truncated: 'truncated',
  slow: 'ok',
  hung: 'timeout',
  refused: 'refused',
};
const RULES = { expect: [[200, 200]], dns: 'unknown', stampCoverage: 1 } as const;
/** Whole milliseconds at both ends, and the coarser timers. */
const CLOCK_SLACK_MS = 3;
/** The port is closed a moment before that is written down, and a request is on its way for one. */
const EDGE_MS = 5;

/** How the verdict would judge the rows of each fault's time: the very classification that judges a run. */
export function sightings(
  batches: readonly SampleBatch[],
  spans: readonly FaultSpan[],
  slowMs: number,
): ReadonlyMap<SelfTestFault, Sighting> {
  const counts = new Map(spans.map(({ fault }) => [fault, { seen: 0, otherwise: 0, sent: 0 }]));
  for (const batch of batches) {
    const source = { codes: new Uint16Array(batch.length), values: [null] };
    const judged = classifySamples(sampleTable(batch, source), RULES);
    for (let row = 0; row < batch.length; row++) {
      const sentAt = batch.sentAt[row]!;
      const span = spans.find(({ attributed }) => sentAt >= attributed.from && sentAt < attributed.to);
      const count = span === undefined ? undefined : counts.get(span.fault);
      if (span === undefined || count === undefined) continue;
      const name = SAMPLE_CLASSES[judged.class[row]!]!;
      const isSlow = batch.endedAt[row]! - sentAt >= slowMs - CLOCK_SLACK_MS;
      if (name === CLASS_OF[span.fault] && (span.fault !== 'slow' || isSlow)) count.seen++;
      else if (name !== 'ok') count.otherwise++;
      count.sent++;
    }
  }
  return counts;
}

/** Where a fault's requests are counted. Requests that were refused never reached the peer: only surely late ones count. */
export function faultSpans(
  steps: readonly { readonly fault: SelfTestFault; readonly actual: Span }[],
  gapMs: number,
): readonly FaultSpan[] {
  return steps.map(({ fault, actual }) => ({
    fault,
    actual,
    attributed:
      fault === 'refused'
        ? { from: actual.from + EDGE_MS, to: actual.to - EDGE_MS }
        : { from: actual.from - gapMs / 2, to: actual.to + gapMs / 2 },
  }));
}
