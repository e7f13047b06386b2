import { describe, expect, it } from 'vitest';
import { columnOf } from '../../src/domain/column.js';
import { ORIGINS, SAMPLE_CLASSES, type SampleClass } from '../../src/domain/outage.js';
import type { Phase } from '../../src/domain/phase.js';
import { attachLag } from '../../src/evidence/attach-lag.js';
import { classifyOutcome, type RawOutcome } from '../../src/evidence/classify.js';
import { detachLag, NOBODY } from '../../src/evidence/detach-lag.js';
import { outageWindows } from '../../src/evidence/outage-windows.js';
import { assignPhase, assignPhases } from '../../src/evidence/phase-assignment.js';
import { witnessInterval } from '../../src/evidence/witness.js';
import { binomialLower, binomialUpper, zeroFailureN } from '../../src/stats/binomial.js';
import { type ArrivalProcess, mStar, pDetect, smallestDetectableMs } from '../../src/stats/detection.js';
import { excessP, holm } from '../../src/stats/excess.js';
import { largestSpan, minWindowRatio } from '../stats/sweeps.js';
import { expectMatch, vectorCases, vectorGroup } from './vectors.js';

/** One test per case, named by its place, so that a failing one can be found in the file. */
function eachCase<T>(group: string, judge: (one: T) => void): void {
  describe(group, () => {
    for (const [index, one] of vectorCases<T>(group).entries()) it(`case ${index}`, () => judge(one));
  });
}

eachCase<{ k: number; n: number; conf: number; upper1: number; lower1: number; upper2: number; lower2: number }>(
  'clopperPearson',
  (c) => {
    const alpha = 1 - c.conf;
    expectMatch(binomialUpper(c.k, c.n, alpha), c.upper1, 'upper1');
    expectMatch(binomialLower(c.k, c.n, alpha), c.lower1, 'lower1');
    expectMatch(binomialUpper(c.k, c.n, alpha / 2), c.upper2, 'upper2');
    expectMatch(binomialLower(c.k, c.n, alpha / 2), c.lower2, 'lower2');
  },
);
eachCase<{ p: number; alpha: number; n: number }>('zeroFailureN', (c) => expect(zeroFailureN(c.p, c.alpha)).toBe(c.n));
eachCase<{ f: number; alpha: number; m: number }>('mStar', (c) => expect(mStar(c.f, c.alpha)).toBe(c.m));
eachCase<{ arrival: ArrivalProcess; f: number; lambda: number; dMs: number; p: number }>('pDetect', (c) =>
  expectMatch(pDetect(c.arrival, c.f, c.lambda, c.dMs), c.p),
);
eachCase<{ lambda: number; f: number; alpha: number; dMs: number }>('dMinPoisson', (c) =>
  expectMatch(smallestDetectableMs(c.f, c.alpha, c.lambda), c.dMs),
);
eachCase<{ k1: number; n1: number; k0: number; n0: number; p: number }>('excessTest', (c) =>
  expectMatch(excessP(c.k1, c.n1, c.k0, c.n0), c.p),
);
eachCase<{ p: number[]; adjusted: number[] }>('holm', (c) => expectMatch(holm(c.p), c.adjusted));
eachCase<{ sends: number[]; a: number; b: number; m: number; D: number }>('spacing', (c) => {
  expectMatch(largestSpan(c.sends, c.a, c.b, c.m), c.D);
});
eachCase<{ arrivals: number[]; ok: number[]; w: number; a: number; b: number; ratio: number }>('mcr', (c) =>
  expectMatch(minWindowRatio(c.arrivals, c.ok, c.w, c.a, c.b), c.ratio),
);
eachCase<{ sample: { tS: number; tE: number; cls: SampleClass }; deltaMs: number; interval: [number, number] }>(
  'witness',
  (c) => {
    const span = witnessInterval(c.sample.cls, c.sample.tS, c.sample.tE, c.deltaMs);
    expectMatch([span.from, span.to], c.interval);
  },
);

interface ClusterCase {
  N: number;
  deltaMs: number;
  lambda: number;
  a: number;
  b: number;
  samples: [number, number, number, SampleClass][];
  clusters: Record<string, unknown>[];
}
eachCase<ClusterCase>('clusters', (c) => {
  const windows = outageWindows({
    sentAt: columnOf(Float64Array.from(c.samples, (s) => s[0])),
    endedAt: columnOf(Float64Array.from(c.samples, (s) => s[1])),
    failed: Uint8Array.from(c.samples, (s) => (s[2] ? 0 : 1)),
    admissible: new Uint8Array(c.samples.length).fill(1),
    class: Uint8Array.from(c.samples, (s) => SAMPLE_CLASSES.indexOf(s[3])),
    targets: c.N,
    deltaMs: c.deltaMs,
    ratePerSecond: c.lambda,
    from: c.a,
    to: c.b,
  });
  const named = windows.map((w) => ({
    ...w,
    k: w.failures,
    durLo: w.durationLoMs,
    durHi: w.durationHiMs,
    durEst: w.durationEstimateMs,
  }));
  expectMatch(named, c.clusters);
  for (const w of windows) expect(w.members.length).toBe(w.failures);
});

describe('phaseAssign', () => {
  const group = vectorGroup<{
    phases: { id: string; start: number; end: number }[];
    rows: { interval: [number, number]; phase: string | null }[];
  }>('phaseAssign');
  const phases = group.phases.map(
    ({ id, start, end }): Phase => ({ id, kind: 'baseline', target: null, from: start, to: end }),
  );
  for (const { interval, ...expected } of group.rows) {
    it(`[${interval.join(', ')})`, () => {
      const [from, to] = interval;
      const assigned = assignPhase({ from, to }, phases);
      expectMatch(assigned, expected);
      expect(Object.keys(assigned.weights).length).toBe(
        Object.keys((expected as { weights?: object }).weights ?? {}).length,
      );
      const many = assignPhases(Float64Array.of(from), Float64Array.of(to), phases);
      expect(phases[many.phase[0]!]?.id ?? null).toBe(expected.phase);
      expect(many.ambiguous[0] === 1).toBe(assigned.ambiguous);
    });
  }
});

interface LagCase {
  inst: string;
  detachRes: number;
  attachReq: number;
  attachRes: number;
  N: number;
  alpha: number;
  resp: [number, number, string | null][];
  expect: Record<string, unknown>;
}
function lagInput(c: LagCase) {
  const names = [c.inst, ...new Set(c.resp.flatMap((r) => (r[2] === null || r[2] === c.inst ? [] : [r[2]])))];
  return {
    target: 0,
    sentAt: columnOf(Float64Array.from(c.resp, (r) => r[0])),
    endedAt: columnOf(Float64Array.from(c.resp, (r) => r[1])),
    servedBy: c.resp.map((r) => (r[2] === null ? NOBODY : names.indexOf(r[2]))),
    detachRespondedAt: c.detachRes,
    attachRequestedAt: c.attachReq,
    attachRespondedAt: c.attachRes,
    targets: c.N,
    alpha: c.alpha,
  };
}
eachCase<LagCase>('detachLag', (c) => expectMatch(detachLag(lagInput(c)), c.expect));
eachCase<LagCase>('attachLag', (c) => expectMatch(attachLag(lagInput(c)), c.expect));

interface ClassifyCase {
  raw: Partial<Omit<RawOutcome, 'target'>> & { instance?: string };
  cfg: { dns?: 'fail'; expect?: number[]; stampCoverage?: number };
  expect: { cls: string; origin: string; admissible: boolean; failure: boolean; forgeable: boolean };
}
eachCase<ClassifyCase>('classify', (c) => {
  const { instance, ...raw } = c.raw;
  const outcome = classifyOutcome(
    {
      code: null,
      phase: 'none',
      status: null,
      statusText: null,
      server: null,
      complete: true,
      bodyOk: null,
      target: instance ?? null,
      ...raw,
    },
    {
      expect: c.cfg.expect?.map((status) => [status, status] as const) ?? [[200, 399]],
      dns: c.cfg.dns ?? 'unknown',
      stampCoverage: c.cfg.stampCoverage ?? 1,
    },
  );
  expect(SAMPLE_CLASSES).toContain(outcome.class);
  expect(ORIGINS).toContain(outcome.origin);
  expectMatch(
    { ...outcome, cls: outcome.class, failure: outcome.failed },
    {
      cls: c.expect.cls,
      origin: c.expect.origin,
      admissible: c.expect.admissible,
      failure: c.expect.failure,
      forgeable: c.expect.forgeable,
    },
  );
});
