import { SAMPLE_CLASSES } from '../domain/outage.js';
import type { Counts } from '../domain/result.js';
import type { JudgedSamples } from './judged-samples.js';

const DROPPED = SAMPLE_CLASSES.indexOf('dropped');

/** How many arrivals there were and what became of them; `stale` comes from the replacements. */
export function countsOf(samples: JudgedSamples, stale: number): Counts {
  const { table, failed, unknown, counted, inBaseline } = samples;
  const n = { judged: 0, failed: 0, unknown: 0, baseline: 0, baselineFailed: 0, sent: 0, dropped: 0 };
  const seconds = new Set<number>();
  for (let row = 0; row < table.length; row++) {
    if (!Number.isNaN(table.sentAt.at(row))) n.sent++;
    if (samples.class[row] === DROPPED) n.dropped++;
    if (counted[row] === 1) {
      n.judged++;
      n.unknown += unknown[row]!;
      if (failed[row] === 1) {
        n.failed++;
        seconds.add(Math.floor(table.sentAt.at(row) / 1000));
      }
    }
    if (inBaseline[row] === 1) {
      n.baseline++;
      n.baselineFailed += failed[row]!;
    }
  }
  return { ...n, total: table.length, stale, disruptionSeconds: seconds.size };
}
