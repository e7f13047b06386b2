import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { deployTimeMs } from '../../src/compare/deploy-time.js';
import { recommendByNeed } from '../../src/compare/recommend-by-need.js';
import { recommendByRuns } from '../../src/compare/recommend-by-runs.js';
import type { SleepBound } from '../../src/compare/sleep-runs.js';
import { circularShift } from '../../src/evidence/event-alignment.js';
import { nonIncreasingFit } from '../../src/stats/isotonic.js';
import { kaplanMeier } from '../../src/stats/kaplan-meier.js';
import { mcnemarP } from '../../src/stats/mcnemar.js';
import { poissonLower, poissonUpper } from '../../src/stats/poisson.js';
import { toleranceBeta, toleranceConfidence, toleranceN } from '../../src/stats/tolerance.js';
import { periEventHistogram } from '../stats/sweeps.js';
import { expectMatch, vectorCases } from './vectors.js';

/** One test per case, named by its place, so that a failing one can be found in the file. */
function eachCase<T>(group: string, judge: (one: T) => void): void {
  describe(group, () => {
    for (const [index, one] of vectorCases<T>(group).entries()) it(`case ${index}`, () => judge(one));
  });
}

eachCase<{ k: number; alpha: number; upper: number; lower: number }>('poissonBounds', (c) => {
  expectMatch(poissonUpper(c.k, c.alpha), c.upper, 'upper');
  expectMatch(poissonLower(c.k, c.alpha), c.lower, 'lower');
});
eachCase<{ b: number; c: number; p: number }>('mcnemar', (c) => expectMatch(mcnemarP(c.b, c.c), c.p));
eachCase<{ n: number; r: number; beta: number; conf: number }>('toleranceConfidence', (c) =>
  expectMatch(toleranceConfidence(c.n, c.r, c.beta), c.conf),
);
eachCase<{ n: number; conf: number; beta: number; r?: number }>('toleranceBeta', (c) =>
  expectMatch(toleranceBeta(c.n, c.conf, c.r ?? 1), c.beta),
);
eachCase<{ beta: number; conf: number; r: number; n: number }>('toleranceN', (c) =>
  expect(toleranceN(c.beta, c.conf, c.r)).toBe(c.n),
);

interface ShiftCase {
  clusters: number[];
  events: number[];
  lagMs: number;
  T: number;
  G: number;
  S: number;
  p: number;
}
eachCase<ShiftCase>('circularShift', (c) => {
  const at = (origin: number) =>
    circularShift(
      c.clusters.map((t) => t + origin),
      c.events.map((t) => t + origin),
      { from: origin, to: origin + c.T },
      c.lagMs,
      c.G,
    );
  expectMatch(at(0), { hits: c.S, p: c.p });
  expectMatch(at(60_000), { hits: c.S, p: c.p });
});

interface PeriEventCase {
  sends: number[];
  fail: number[];
  events: number[];
  lo: number;
  hi: number;
  bin: number;
  bins: Record<string, unknown>[];
}
/** The error of the bounds is not in the vectors: it is that of the policy. */
const BIN_ALPHA = 0.05;
eachCase<PeriEventCase>('peth', (c) => {
  const axis = { from: c.lo, to: c.hi, binMs: c.bin, alpha: BIN_ALPHA };
  const bins = periEventHistogram(c.sends, c.fail, c.events, axis);
  expectMatch(
    bins.map((b) => ({ ...b, lo: b.from, hi: b.to, k: b.failures, n: b.sends })),
    c.bins,
  );
});

eachCase<{ sleep: number[]; k: number[]; n: number[]; fitted: number[] }>('isotonic', (c) =>
  expectMatch(nonIncreasingFit(c.k, c.n), c.fitted),
);
eachCase<{ times: number[]; event: number[]; steps: number[][] }>('kaplanMeier', (c) => {
  const steps = kaplanMeier(Float64Array.from(c.times), Uint8Array.from(c.event));
  expectMatch(
    steps.map((s) => [s.time, s.atRisk, s.events, s.survival]),
    c.steps,
  );
});

const inSeconds = (ms: number | null): number | null => (ms === null ? null : ms / 1000);

interface RunsCase {
  rows: { sleep: number; runs: number; bad: number }[];
  pstar: number;
  alpha: number;
  recommended: number | null;
  observedMinimum: number | null;
  table: Record<string, unknown>[];
}
eachCase<RunsCase>('recommendByRuns', (c) => {
  const rows = c.rows.map(({ sleep, ...row }) => ({ ...row, sleepMs: sleep * 1000 }));
  const said = recommendByRuns(rows, c.pstar, c.alpha);
  expect(inSeconds(said.recommendedMs)).toBe(c.recommended);
  expect(inSeconds(said.observedMinimumMs)).toBe(c.observedMinimum);
  expectMatch(
    said.table.map((row) => ({ ...row, sleep: inSeconds(row.sleepMs) })),
    c.table,
  );
});

interface NeedCase {
  observations: { sleep: number; need: number; censored: boolean }[];
  grid: number[];
  pstar: number;
  alpha: number;
  recommended: number | null;
  table: Record<string, unknown>[];
}
eachCase<NeedCase>('recommendByNeed', (c) => {
  const said = recommendByNeed(
    c.observations.map((o) => ({ sleepMs: o.sleep * 1000, needMs: o.need * 1000, censored: o.censored })),
    c.grid.map((sleep) => sleep * 1000),
    c.pstar,
    c.alpha,
  );
  const named = (row: SleepBound) => ({ ...row, sleep: inSeconds(row.sleepMs), n: row.runs, k: row.bad });
  expect(inSeconds(said.recommendedMs)).toBe(c.recommended);
  expectMatch(said.table.map(named), c.table);
});

eachCase<{ sleep: number; instances: number; fixedSeconds: number; seconds: number }>('deployTime', (c) =>
  expectMatch(deployTimeMs(c.sleep * 1000, c.instances, c.fixedSeconds * 1000), c.seconds * 1000),
);

describe('meta', () => {
  const folder = new URL('./', import.meta.url);
  const file = process.env.VERDICT_VECTORS ?? new URL('./verdict-vectors.json', import.meta.url);
  const groups = JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, unknown>>;
  const sources = readdirSync(folder)
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => readFileSync(new URL(name, folder), 'utf8'))
    .join('\n');
  /** A group is run when some test hands its name to the loader, straight or through `eachCase`. */
  const isRun = (group: string) =>
    new RegExp(`(?:eachCase|vectorCases|vectorGroup)\\b[^()]*\\(\\s*'${group}'`).test(sources);

  it('leaves no group of the vectors without a test', () => {
    const named = Object.keys(groups).filter((group) => group !== 'meta');
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((group) => !isRun(group))).toEqual([]);
    expect(isRun('no such group'), 'the search can fail').toBe(false);
  });

  it('skips none of them', () => {
    expect(sources.match(/\b(?:it|test|describe)\.(?:skip|todo|only|skipIf|runIf|fails)\b/g)).toBeNull();
  });

  it('compares with the tolerance the vectors were made for', () => {
    const { relTol } = groups.meta as { relTol: number };
    expect(() => expectMatch(1 + relTol / 2, 1)).not.toThrow();
    expect(() => expectMatch(1 + relTol * 2, 1)).toThrow();
  });
});
