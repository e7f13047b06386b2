import type { Phase } from '../domain/phase.js';
import type { Instant, Span } from '../domain/time.js';
import { upperBound } from '../stats/ascending.js';

/** Which phase a request belongs to, and how surely. */
export interface PhaseAssignment {
  /** Id of the phase that holds most of it; null outside all phases. */
  readonly phase: string | null;
  /** Share of the span within that phase. */
  readonly weight: number;
  /** Less than nine tenths lie in one phase. */
  readonly ambiguous: boolean;
  /** Share of the span by phase id, phases it does not touch left out. */
  readonly weights: Readonly<Record<string, number>>;
}

/** So many indexes, and −1, fit in a byte. */
const BYTE_INDEXES = 0x80;
const SURE_FROM = 0.9;
/** Shares closer than this are equal: sums of fractions of milliseconds are not exact. */
const TIE = 1e-12;

function shareOf(from: Instant, to: Instant, phase: Phase): number {
  if (to > from) return Math.max(0, Math.min(to, phase.to) - Math.max(from, phase.from)) / (to - from);
  return phase.from <= from && from < phase.to ? 1 : 0;
}

/**
 * The phase of a span (a failure's witness interval) by overlap (verdict.md §5): the greatest share wins, the later
 * phase on a tie; a span without length belongs to the phase that contains it. Phases in order of time; they may
 * overlap.
 */
export function assignPhase(span: Span, phases: readonly Phase[]): PhaseAssignment {
  const weights: Record<string, number> = {};
  let phase: string | null = null;
  let weight = 0;
  for (const candidate of phases) {
    const share = shareOf(span.from, span.to, candidate);
    if (share <= 0) continue;
    // A phase in pieces (targets out at the same time) counts as one.
    const sum = (weights[candidate.id] ?? 0) + share;
    weights[candidate.id] = sum;
    if (sum >= weight - TIE) {
      phase = candidate.id;
      weight = sum;
    }
  }
  return { phase, weight, ambiguous: weight < SURE_FROM - TIE, weights };
}

/** Assignments of many spans, by row. */
export interface PhaseColumns {
  /** Index into the phases given, −1 outside all of them. */
  readonly phase: Int8Array | Int32Array;
  readonly ambiguous: Uint8Array;
}

/**
 * `assignPhase` for a million spans, given row by row: phases must be sorted and disjoint, as `phasesOf` gives them.
 * Nearly every request lies within one phase, which is settled without any garbage. Spans that begin at NaN get −1.
 */
export function phaseAssigner(
  rows: number,
  phases: readonly Phase[],
): { readonly columns: PhaseColumns; readonly assign: (row: number, begin: Instant, until: Instant) => void } {
  const starts = Float64Array.from(phases, (phase) => phase.from);
  const firstById = new Map<string, number>();
  for (const [index, { id }] of phases.entries()) if (!firstById.has(id)) firstById.set(id, index);
  const firstOf = Int32Array.from(phases, ({ id }, index) => firstById.get(id) ?? index);
  const phase = phases.length <= BYTE_INDEXES ? new Int8Array(rows) : new Int32Array(rows);
  const columns: PhaseColumns = { phase, ambiguous: new Uint8Array(rows) };
  let [here, since, before] = [-1, Number.NaN, Number.NaN];
  const assign = (row: number, begin: Instant, until: Instant): void => {
    // Spans come nearly in order: most lie in the phase of the one before. Nothing is true of NaN.
    if (begin >= since && begin < before && until <= before) {
      columns.phase[row] = here;
      return;
    }
    const end = Number.isNaN(until) ? begin : Math.max(begin, until);
    const index = upperBound(starts, begin) - 1;
    const phase = phases[index];
    if (phase !== undefined && begin < phase.to && end <= phase.to) {
      here = firstOf[index]!;
      [since, before] = [starts[index]!, Math.min(phase.to, starts[index + 1] ?? Number.POSITIVE_INFINITY)];
      columns.phase[row] = here;
      return;
    }
    if ((phase === undefined || begin >= phase.to) && !(end >= (starts[index + 1] ?? Number.POSITIVE_INFINITY))) {
      // In no phase at all, like the whole warm-up.
      columns.phase[row] = -1;
      columns.ambiguous[row] = 1;
      return;
    }
    const near = Number.isNaN(begin) ? [] : phases.slice(Math.max(0, index), upperBound(starts, end));
    const assigned = assignPhase({ from: begin, to: end }, near);
    columns.phase[row] = assigned.phase === null ? -1 : (firstById.get(assigned.phase) ?? -1);
    columns.ambiguous[row] = assigned.ambiguous ? 1 : 0;
  };
  return { columns, assign };
}

/** The same for spans that are at hand. */
export function assignPhases(from: Float64Array, to: Float64Array, phases: readonly Phase[]): PhaseColumns {
  const { columns, assign } = phaseAssigner(from.length, phases);
  for (let row = 0; row < from.length; row++) assign(row, from[row]!, to[row]!);
  return columns;
}
