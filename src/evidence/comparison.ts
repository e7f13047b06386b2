import type { Comparison } from '../domain/evidence.js';
import type { Counts } from '../domain/result.js';
import type { Instant, Span } from '../domain/time.js';
import { classAt, type JudgedSamples } from './judged-samples.js';
import { endsRequest } from './witness.js';

/** The figures of the exact test, and until when a request had to be sent to stand in its baseline. */
export interface MatchedBaseline extends Comparison {
  readonly sentBefore: Instant;
}

/**
 * Judged requests and baseline made comparable. A request that hangs until its timeout is judged when it hangs across the
 * first detach, and is no baseline then; of those sent just before, only the quick successes would be left in the
 * baseline, and a service that hangs now and then would always look worse during the deploy. So requests whose fault may
 * have begun before the deploy count on neither side, and the baseline ends as long before the first detach as the
 * longest such fault lasted. The counts of verdict.md §1.1, and with them everything a PASS rests on, stay as they are.
 */
export function matchedBaseline(samples: JudgedSamples, window: Span, counts: Counts): MatchedBaseline {
  const { table, failed, inWindow, counted, inBaseline } = samples;
  let longest = 0;
  for (let row = 0; row < table.length; row++) {
    if (failed[row] === 0 || (inWindow[row] === 0 && inBaseline[row] === 0)) continue;
    if (!endsRequest(classAt(samples, row))) longest = Math.max(longest, table.endedAt.at(row) - table.sentAt.at(row));
  }
  const sentBefore = window.from - longest;
  const n = { judged: counts.judged, failed: counts.failed, baseline: 0, baselineFailed: 0 };
  for (let row = 0; row < table.length; row++) {
    const sentAt = table.sentAt.at(row);
    if (inBaseline[row] === 1 && sentAt < sentBefore) {
      n.baseline++;
      n.baselineFailed += failed[row]!;
    }
    if (counted[row] === 0 || !(sentAt < window.from) || (failed[row] === 1 && endsRequest(classAt(samples, row))))
      continue;
    n.judged--;
    n.failed -= failed[row]!;
  }
  return { ...n, sentBefore };
}
