import type { EventAlignment } from '../domain/outage.js';
import type { Instant, Span } from '../domain/time.js';
import { periEventHistograms } from '../stats/peri-event.js';
import { classAt, type JudgedSamples } from './judged-samples.js';
import { failedInstant } from './witness.js';

const LAG_MS = 3000;
const SHIFTS = 360;

/** How the outages lie to the events. */
export interface Alignment {
  /** Outages that start within the lag after an event. */
  readonly hits: number;
  /** Share of the shifts with at least as many; never 0. */
  readonly p: number;
}

/**
 * Chance that as many outages start within `lagMs` after an event as do, were the events anywhere else: circular shift
 * of all events together by g·T/G, which keeps both series' structure (verdict.md §5). Never 0, for the unshifted
 * series counts too (Phipson & Smyth 2010). 1 without outages or events. O(G · outages · events).
 */
export function circularShift(
  starts: readonly Instant[],
  events: readonly Instant[],
  window: Span,
  lagMs: number,
  shifts: number,
): Alignment {
  const length = window.to - window.from;
  if (!(length > 0) || starts.length === 0 || events.length === 0 || !(shifts >= 1)) return { hits: 0, p: 1 };
  const hits = (shift: number): number =>
    starts.filter((start) => events.some((event) => isAfter(start, event + shift, length, lagMs))).length;
  const observed = hits(0);
  let asMany = 0;
  for (let g = 0; g < shifts; g++) if (hits((g * length) / shifts) >= observed) asMany++;
  return { hits: observed, p: asMany / shifts };
}

const AXIS = { from: -10_000, to: 30_000, binMs: 250, alpha: 0.025 };

/** The steps of one kind, by when they began. */
export type Steps = Readonly<Record<EventAlignment['event'], readonly Instant[]>>;

/**
 * How failures lie to the steps of the deploy, kind by kind: what a report shows beside the verdict (verdict.md §5). Every
 * request stands where it ended: a held one that a step cut would otherwise lie before that step.
 * @param starts when the outages began at the latest.
 */
export function eventAlignments(
  samples: JudgedSamples,
  starts: readonly Instant[],
  steps: Steps,
  window: Span,
): readonly EventAlignment[] {
  const { table, unknown, failed, inWindow, inBaseline } = samples;
  const ends =
    (onlyFailed: boolean) =>
    (take: (at: Instant) => void): void => {
      for (let row = 0; row < table.length; row++) {
        if (onlyFailed && failed[row] === 0) continue;
        if (unknown[row] === 1 || (inWindow[row] === 0 && inBaseline[row] === 0)) continue;
        const due = table.scheduledAt[row]!;
        const ended = table.endedAt.at(row);
        take(failed[row] === 1 ? failedInstant(classAt(samples, row), due, ended) : Math.max(due, ended));
      }
    };
  const known = (['detach', 'deploy', 'attach'] as const).filter((event) => steps[event].length > 0);
  const types = known.map((event) => steps[event]);
  const histograms = periEventHistograms(ends(false), ends(true), types, AXIS);
  return known.map((event, type) => {
    const { hits, p } = circularShift(starts, types[type]!, window, LAG_MS, SHIFTS);
    const bins = histograms[type]!.map(({ sends, ...bin }) => ({ ...bin, requests: sends }));
    return { event, events: types[type]!.length, lagMs: LAG_MS, outages: hits, p, bins };
  });
}

/** The same with the lag and the number of shifts of the report, as a p-value only. */
export function alignmentP(starts: readonly Instant[], events: readonly Instant[], window: Span): number {
  return circularShift(starts, events, window, LAG_MS, SHIFTS).p;
}

/** Time runs in a circle here: an event shifted over the end begins again at the start of the window. */
function isAfter(start: Instant, event: Instant, length: number, lagMs: number): boolean {
  const since = (((start - event) % length) + length) % length;
  return since <= lagMs;
}
