import { describe, expect, it } from 'vitest';
import { analyze } from '../../src/analyze.js';
import { brokenDemands } from './demands.js';
import type { Kind } from './kind.js';
import { KINDS } from './kinds.js';
import { pieceOf, reportsOf } from './pieces.js';
import { randomOf } from './random.js';
import { simulate } from './simulation.js';
import { studyOf } from './study.js';

/** Another seed may be given, and a failure names the run to look at with `node bench/verdict.mjs`. */
const SEED = Number(process.env.SIMULATION_SEED ?? 20260101);
const RUNS = 12;
/** In so few runs a share may miss its limit by chance. */
const SIGMAS = 4;

describe(`simulated runs with known truth (seed ${SEED})`, () => {
  const cases = KINDS.map((kind) => [kind.name, kind] as const);
  it.each(cases)('%s', demandsHold);

  function demandsHold(name: string, kind: Kind): void {
    const report = studyOf(kind, SEED, RUNS, analyze);
    const broken = brokenDemands(report, SIGMAS).map(
      ({ what, runs }) => `${what}: --seed ${SEED} --only ${name} --run ${runs.join(' ')}`,
    );
    expect(broken).toEqual([]);
    expect(report.verdicts.ERROR).toBe(0);
  }

  it('adds up pieces of a study, and refuses those that do not belong together', () => {
    const kind = KINDS.find(({ name }) => name === 'keepalive-race')!;
    const piece = (runs: number, from: number, seed = SEED, code = 'a') =>
      pieceOf(studyOf(kind, SEED, runs, analyze, from), seed, code);
    const [first, second] = [piece(1, 0), piece(2, 1)];
    expect(reportsOf(JSON.parse(JSON.stringify([second, first])))).toEqual([studyOf(kind, SEED, 3, analyze)]);
    expect(() => reportsOf([first, piece(1, 0)])).toThrow('stand in two pieces');
    expect(() => reportsOf([first, { ...second, seed: SEED + 1 }])).toThrow('another seed');
    expect(() => reportsOf([first, { ...second, code: 'b' }])).toThrow('other code');
  });

  it('makes the same run from the same numbers', () => {
    const kind = KINDS[0]!;
    const run = () => {
      const random = randomOf(SEED, kind.name, 3);
      return simulate(kind.draw(random), random);
    };
    expect(run()).toEqual(run());
  });
});
