import type { RunResult } from '../../domain/result.js';
import { counted, duration } from '../figures.js';

export type BandKind = 'warm-up' | 'baseline' | 'out' | 'settle' | 'outage';

/** A stretch of time shaded in every chart, in ms. */
export interface Band {
  readonly kind: BandKind;
  readonly from: number;
  readonly to: number;
  readonly label: string;
}

/** Each target's time from the detach call to the answer of its attach call (or to the end of the run). */
function outBands(result: RunResult): readonly Band[] {
  const { calls } = result.timeline;
  return calls
    .filter((c) => c.operation === 'detach' && c.error === null)
    .map((detach) => {
      const back = calls.find(
        (c) => c.operation === 'attach' && c.target === detach.target && c.requestedAt >= detach.requestedAt,
      );
      const to = back === undefined || back.error !== null ? result.run.durationMs : back.respondedAt;
      return { kind: 'out', from: detach.requestedAt, to, label: `${detach.target} out` };
    });
}

/** What the shading of the charts means, first drawn first. */
export function bandsOf(result: RunResult): readonly Band[] {
  const bands: Band[] = [];
  const { baseline, window } = result;
  if (baseline !== null) {
    if (baseline.from > 0) bands.push({ kind: 'warm-up', from: 0, to: baseline.from, label: 'warm-up' });
    bands.push({ kind: 'baseline', from: baseline.from, to: baseline.to, label: 'baseline' });
  }
  const lastStageEnd = Math.max(-1, ...result.timeline.stages.map((s) => s.span.to));
  if (window !== null && lastStageEnd >= 0 && window.to > lastStageEnd)
    bands.push({ kind: 'settle', from: lastStageEnd, to: window.to, label: 'settle' });
  bands.push(...outBands(result));
  for (const o of result.outages) {
    const label = `outage ${o.index + 1}: ${counted(o.failures, 'failure')} in ${duration(o.durationEstimateMs)}`;
    // The part that was surely out: a request cut after seconds was sent long before anything was wrong.
    bands.push({ kind: 'outage', from: Math.min(o.startHi, o.endLo), to: Math.max(o.startHi, o.endLo), label });
  }
  return bands;
}
