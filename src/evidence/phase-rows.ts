import type { Comparison } from '../domain/evidence.js';
import type { Phase } from '../domain/phase.js';
import type { PhaseRow } from '../domain/result.js';
import { binomialUpper } from '../stats/binomial.js';
import { excessP, holm } from '../stats/excess.js';
import { classAt, type JudgedSamples } from './judged-samples.js';
import { phaseAssigner } from './phase-assignment.js';
import { witnessInterval } from './witness.js';

const ALPHA = 0.05;
const NONE = -1;

/** Phase of every row of the judged set: where it was sent, for a failure where the fault can have happened. */
export interface PhasedSamples {
  readonly phases: readonly Phase[];
  /** Index into `phases`, or −1. */
  readonly phase: Int8Array | Int32Array;
  readonly ambiguous: Uint8Array;
}

/** Puts every row that has a sent time into a phase (verdict.md §5). */
export function phasedSamples(
  samples: JudgedSamples,
  phases: readonly Phase[],
  from: number,
  deltaMs: number,
): PhasedSamples {
  const { table, failed, inWindow } = samples;
  const { columns, assign } = phaseAssigner(table.length, phases);
  for (let row = 0; row < table.length; row++) {
    const sentAt = table.sentAt.at(row);
    // In flight when the window opened: it is judged, so it counts where the window begins.
    const at = inWindow[row] === 1 && sentAt < from ? from : sentAt;
    if (failed[row] === 0) assign(row, at, at);
    else {
      const witness = witnessInterval(classAt(samples, row), sentAt, table.endedAt.at(row), deltaMs);
      assign(row, witness.from, witness.to);
    }
  }
  return { phases, phase: columns.phase, ambiguous: columns.ambiguous };
}

/** One row per phase with the exact test against the baseline, Holm-adjusted over the phases that have requests. */
export function phaseRows(samples: JudgedSamples, phased: PhasedSamples, counts: Comparison): readonly PhaseRow[] {
  const tallies = phased.phases.map(() => ({ n: 0, k: 0, unsure: 0, classes: new Map<string, number>() }));
  const { inWindow, inBaseline, failed, unknown } = samples;
  for (let row = 0; row < failed.length; row++) {
    const tally = tallies[phased.phase[row]!];
    if (tally === undefined || unknown[row] === 1 || (inWindow[row] === 0 && inBaseline[row] === 0)) continue;
    tally.n++;
    if (failed[row] === 0) continue;
    tally.k++;
    tally.unsure += phased.ambiguous[row]!;
    const kind = classAt(samples, row);
    tally.classes.set(kind, (tally.classes.get(kind) ?? 0) + 1);
  }
  const ps = phased.phases.map((phase, i) =>
    phase.kind === 'baseline' || tallies[i]!.n === 0 ? NONE : phaseP(tallies[i]!, counts),
  );
  const adjusted = holm(ps.filter((p) => p !== NONE));
  let next = 0;
  return phased.phases.map((phase, i) => {
    const { n, k, unsure, classes } = tallies[i]!;
    const excess = ps[i] === NONE ? null : (adjusted[next++] ?? null);
    const main = [...classes].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))[0];
    return {
      phase,
      requests: n,
      failed: k,
      ambiguous: unsure,
      rate: n === 0 ? 0 : k / n,
      rateUpper: binomialUpper(k, n, ALPHA),
      excessP: excess,
      mainError: main?.[0] ?? null,
    };
  });
}

/** With and without the failures that may belong to a neighbour: the larger p is reported. */
function phaseP(tally: { n: number; k: number; unsure: number }, counts: Comparison): number {
  const { baseline: n0, baselineFailed: k0 } = counts;
  return Math.max(excessP(tally.k, tally.n, k0, n0), excessP(tally.k - tally.unsure, tally.n - tally.unsure, k0, n0));
}
