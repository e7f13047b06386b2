import { describe, expect, it } from 'vitest';
import { analyze } from '../../src/analyze.js';
import { brokenDemands } from './demands.js';
import type { Kind } from './kind.js';
import { KINDS } from './kinds.js';
import { randomOf } from './random.js';
import { simulate } from './simulation.js';
import { studyOf } from './study.js';

/** Another seed may be given, and a failure names the run to look at with `node bench/verdict.mjs`. */
const SEED = Number(process.env.SIMULATION_SEED ?? 20260101);
const RUNS = 12;
/** So many show that a demand is not met. */
const UNMET_RUNS = 30;
/** In so few runs a share may miss its limit by chance. */
const SIGMAS = 4;
/** Demands that the verdict does not meet yet (docs/verdict.md); a kind that meets them again fails here, and leaves. */
const UNMET: ReadonlySet<string> = new Set([
  'clean-nodes',
  'next-too-early',
  'capacity-dip',
  'lb-endpoint',
  'noise-timeouts',
  'noise-attributed',
  'noise-rare',
]);

describe(`simulated runs with known truth (seed ${SEED})`, () => {
  const cases = KINDS.map((kind) => [kind.name, kind] as const);
  it.each(cases.filter(([name]) => !UNMET.has(name)))('%s', demandsHold);
  it.fails.each(cases.filter(([name]) => UNMET.has(name)))('%s (not met yet)', demandsHold);

  function demandsHold(name: string, kind: Kind): void {
    const report = studyOf(kind, SEED, UNMET.has(name) ? UNMET_RUNS : RUNS, analyze);
    const broken = brokenDemands(report, SIGMAS).map(
      ({ what, runs }) => `${what}: --seed ${SEED} --only ${name} --run ${runs.join(' ')}`,
    );
    expect(broken).toEqual([]);
    expect(report.verdicts.ERROR).toBe(0);
  }

  it('makes the same run from the same numbers', () => {
    const kind = KINDS[0]!;
    const run = () => {
      const random = randomOf(SEED, kind.name, 3);
      return simulate(kind.draw(random), random);
    };
    expect(run()).toEqual(run());
  });
});
