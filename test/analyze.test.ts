import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { analyze } from '../src/analyze.js';
import type { RunFacts } from '../src/domain/evidence.js';
import type { RunResult } from '../src/domain/result.js';
import { factsOf, scenarioOf, tableOf } from './runs/fact-builder.js';
import { rowsOf } from './runs/table-rows.js';
import { type World, worldRun } from './runs/world.js';

/** Small enough to be run by the hundred, still conclusive under this policy. */
const SMALL: World = {
  ratePerSecond: 150,
  longPerSecond: 12,
  afterDetachMs: 1800,
  afterAttachMs: 1500,
  policy: { slo: 0.99, gates: { ...scenarioOf().policy.gates, minBaseline: 300 } },
};

function plain(result: RunResult): unknown {
  const seen: string[] = [];
  const walk = (value: unknown, where: string): void => {
    if (typeof value === 'number' && !Number.isFinite(value)) seen.push(where);
    if (ArrayBuffer.isView(value)) seen.push(`${where} is a typed array`);
    if (value === undefined) seen.push(`${where} is undefined`);
    if (value !== null && typeof value === 'object')
      for (const [key, item] of Object.entries(value)) walk(item, `${where}.${key}`);
  };
  walk(result, 'result');
  expect(seen).toEqual([]);
  return JSON.parse(JSON.stringify(result));
}

describe('analyze', () => {
  it('gives the same bytes for the same facts, as plain JSON', () => {
    const facts = worldRun({ afterDetachMs: 500, detachLagMs: 900 });
    const result = analyze(facts);
    expect(plain(result)).toEqual(result);
    expect(JSON.stringify(analyze(worldRun({ afterDetachMs: 500, detachLagMs: 900 })))).toBe(JSON.stringify(result));
  });

  it('counts every judged failure in exactly one outage and one row', () => {
    const result = analyze(worldRun({ noise: 0.01, afterDetachMs: 500, detachLagMs: 900 }));
    const inOutages = result.outages.reduce((sum, o) => sum + o.failures, 0);
    expect(inOutages).toBe(result.counts.failed);
    expect(result.failures.filter((f) => f.outage !== null)).toHaveLength(result.counts.failed);
    const { series } = result;
    const total = (list: readonly number[]) => list.reduce((a, b) => a + b, 0);
    expect(total(series.offered)).toBe(result.counts.total);
    expect(total(series.ok) + total(series.failed) + total(series.unknown)).toBe(result.counts.total);
    expect(
      new Set(
        [series.ok, series.failed, series.unknown, series.p50, series.p95, series.p99, series.max].map((s) => s.length),
      ),
    ).toEqual(new Set([series.offered.length]));
  });

  it('never passes half a run, wherever it is cut', () => {
    const whole = worldRun(SMALL);
    expect(analyze(whole).verdict.kind).toBe('PASS');
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        fc.constantFrom('both', 'events', 'samples'),
        fc.boolean(),
        (part, what, clean) => {
          const cut = truncated(whole, part, what, clean);
          const { verdict } = analyze(cut);
          expect(verdict.kind).not.toBe('PASS');
          expect(verdict.codes.length).toBeGreaterThan(0);
          plain(analyze(cut));
        },
      ),
      { numRuns: 40 },
    );
  });

  it('never turns anything into PASS by losing samples', () => {
    const failing = worldRun({ ...SMALL, afterDetachMs: 500, detachLagMs: 900 });
    const rows = rowsOf(failing.samples);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e9 }),
        fc.double({ min: 0.0005, max: 0.9, noNaN: true }),
        (seed, share) => {
          const kept = rows.filter(
            (row) => row.status === 200 || ((row.seq ?? 0) * 2654435761 + seed) % 1000 >= share * 1000,
          );
          fc.pre(kept.length < rows.length);
          const { verdict } = analyze({ ...failing, samples: tableOf(kept) });
          expect(verdict.kind).not.toBe('PASS');
        },
      ),
      { numRuns: 15 },
    );
    const successesOnly = analyze({ ...failing, samples: tableOf(rows.filter((row) => row.status === 200)) });
    expect(successesOnly.verdict.codes).toContain('GEN_LOST');
  });

  it('judges a header alone, and events without samples', () => {
    const nothing = analyze({ ...factsOf(scenarioOf(), [], []), eventsComplete: false });
    expect(nothing.verdict).toMatchObject({ kind: 'INCONCLUSIVE', exitCode: 2 });
    expect(nothing.verdict.codes.slice(0, 2)).toEqual(['NO_EVIDENCE', 'FACTS_INCOMPLETE']);
    plain(nothing);
    const whole = worldRun(SMALL);
    const silent = analyze({ ...whole, samples: tableOf([]), streams: [] });
    expect(silent.verdict.codes).toEqual(
      expect.arrayContaining(['NO_EVIDENCE', 'FACTS_INCOMPLETE', 'GEN_LOST', 'BASELINE_SHORT']),
    );
    expect(silent.claims).toMatchObject({ totalOutageMs: null, failureProbabilityUpper: null });
    plain(silent);
  });

  it('takes a row whose times make no sense for unknown, never for a success', () => {
    const whole = worldRun(SMALL);
    const rows = rowsOf(whole.samples);
    const broken = rows.map((row, i) =>
      i % 50 === 0 ? { ...row, endedAt: (row.sentAt ?? 0) - 5 } : i % 50 === 1 ? { ...row, endedAt: null } : row,
    );
    const result = analyze({ ...whole, samples: tableOf(broken) });
    expect(result.verdict.kind).toBe('INCONCLUSIVE');
    expect(result.counts.unknown).toBeGreaterThan(20);
  });

  it('is right about a hundred clean runs and a hundred with too short a sleep', () => {
    const wrong: string[] = [];
    for (let seed = 1; seed <= 100; seed++) {
      const clean = analyze(worldRun({ ...SMALL, seed })).verdict;
      if (clean.kind !== 'PASS') wrong.push(`clean seed ${seed}: ${clean.codes.join(',')}`);
      const short = analyze(worldRun({ ...SMALL, seed, afterDetachMs: 400, detachLagMs: 700 + (seed % 10) * 60 }));
      const first = short.outages[0]?.causes[0].code;
      if (short.verdict.kind !== 'FAIL' || first !== 'ROUTED_TO_STOPPED')
        wrong.push(`short seed ${seed}: ${short.verdict.kind} ${first}`);
    }
    expect(wrong).toEqual([]);
  });
});

function truncated(whole: RunFacts, part: number, what: string, clean: boolean): RunFacts {
  const last = whole.events.at(-1)?.at ?? 0;
  const at = part * last;
  const events = what === 'samples' ? whole.events : whole.events.filter((event) => event.at <= at);
  const rows = rowsOf(whole.samples);
  const kept = what === 'events' ? rows : rows.filter((row) => (row.endedAt ?? row.scheduledAt) <= at);
  return {
    ...whole,
    events,
    samples: tableOf(kept),
    streams: whole.streams.map((s) => ({ ...s, rows: kept.length, complete: clean || what === 'events' })),
    eventsComplete: clean || what === 'samples',
  };
}
