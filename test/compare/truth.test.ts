import { describe, expect, it } from 'vitest';
import { analyze } from '../../src/analyze.js';
import { isWithin } from './study.js';
import { accuracyOf, singleRun, type TruthDesign, truthReport } from './truth-study.js';

/** Another seed may be given; `npm run bench:compare` makes 200 studies of it. */
const SEED = Number(process.env.SIMULATION_SEED ?? 20260101);
const DESIGN: TruthDesign = { sleepsMs: [450, 600, 900], repeats: 5, limit: 0.45, nodes: 1, seed: SEED };

describe(`studies with known truth (seed ${SEED})`, () => {
  it('recommend a sleep that is too short no more often than they say', () => {
    const studies = 10;
    const report = truthReport(DESIGN, studies, 80, analyze);
    expect(isWithin(report.wrong.length, studies, 0.05), `studies ${report.wrong.join()} of ${studies}`).toBe(true);
    // One that never recommends anything would never err either.
    expect(report.recommended).toBeGreaterThan(0);
  });

  it('tell the need from a single run with a long sleep', () => {
    const runs = Array.from({ length: 15 }, (_, i) => singleRun(DESIGN, i, analyze));
    for (const index of [0, 1]) {
      const { medianErrorMs, medianAllowedMs } = accuracyOf(runs.map((r) => r[index]!));
      expect(medianErrorMs, runs[0]?.[index]?.what).toBeLessThanOrEqual(medianAllowedMs);
    }
  });
});
