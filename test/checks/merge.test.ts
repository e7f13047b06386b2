import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Check } from '../../src/checks/check.js';
import { CHECKS, type NonEmpty } from '../../src/checks/index.js';
import { merge } from '../../src/checks/merge.js';
import { runChecks } from '../../src/checks/run-checks.js';
import { DEFAULT_POLICY } from '../../src/domain/scenario.js';
import { type CheckResult, VERDICT_CODES, WARNING_CODES } from '../../src/domain/verdict.js';
import { emptyEvidence, outage } from './evidence-builder.js';

const FAILS = [
  'DOWNTIME_OBSERVED',
  'BUDGET_EXCEEDED',
  'OUTAGE_TOO_LONG',
  'EXCESS_FAILURES',
  'MECHANISM_WITNESSED',
  'STALE_VERSION',
  'SLOW_REQUESTS',
];
const text = { id: 'x', title: '', measured: '', threshold: '', message: 'm', hint: null, why: '' };
const anyResult: fc.Arbitrary<CheckResult> = fc.oneof(
  fc.constantFrom('pass' as const, 'skipped' as const).map((status) => ({ ...text, status, code: null })),
  fc
    .constantFrom(...VERDICT_CODES.filter((c) => FAILS.includes(c)))
    .map((code) => ({ ...text, status: 'fail' as const, code })),
  fc
    .constantFrom(...VERDICT_CODES.filter((c) => !FAILS.includes(c)))
    .map((code) => ({ ...text, status: 'inconclusive' as const, code })),
  fc.constantFrom(...WARNING_CODES).map((code) => ({ ...text, status: 'warning' as const, code })),
);
const anyResults = fc
  .array(anyResult, { minLength: 1, maxLength: 8 })
  .map((list) => list as unknown as NonEmpty<CheckResult>);
const RANK = { PASS: 0, INCONCLUSIVE: 1, FAIL: 2, ERROR: 3 };
const rank = (results: NonEmpty<CheckResult>) => RANK[merge(results).kind];

describe('merge', () => {
  it('does not depend on the order of the results, and repeats change nothing', () => {
    fc.assert(
      fc.property(anyResults, (results) => {
        const [first, ...rest] = [...results].reverse() as [CheckResult, ...CheckResult[]];
        expect(merge([first, ...rest])).toEqual(merge(results));
        expect(merge([...results, ...results])).toEqual(merge(results));
      }),
    );
  });

  it('is exactly as bad as its worst part', () => {
    fc.assert(
      fc.property(anyResults, anyResults, (a, b) => {
        expect(rank([...a, ...b])).toBe(Math.max(rank(a), rank(b)));
      }),
    );
  });

  it('never drops an objection for its code: one that is no verdict code is a fault of the tool', () => {
    for (const status of ['fail', 'inconclusive'] as const) {
      for (const code of [null, 'NEAR_MISS', 'BASELINE_NOISE', 'LB_NODE_UNSEEN'] as const) {
        expect(merge([{ ...text, status, code }])).toMatchObject({
          kind: 'ERROR',
          exitCode: 70,
          codes: ['TOOL_ERROR'],
        });
      }
    }
  });

  it('passes only when nothing failed and nothing is missing', () => {
    fc.assert(
      fc.property(anyResults, (results) => {
        const clean = results.every((r) => r.status !== 'fail' && r.status !== 'inconclusive');
        expect(merge(results).kind === 'PASS').toBe(clean);
        expect(merge(results).exitCode === 0).toBe(clean);
      }),
    );
  });

  it('ends an interrupted run with the exit code of its signal', () => {
    const stopped = [{ ...text, status: 'inconclusive', code: 'INTERRUPTED' }] as const;
    const exits = (['SIGINT', 'SIGTERM', 'SIGHUP', null] as const).map((signal) => merge(stopped, signal).exitCode);
    expect(exits).toEqual([130, 143, 143, 130]);
  });

  it('leaves out what is said about evidence where there is none', () => {
    const found = [
      { ...text, status: 'inconclusive', code: 'NO_EVIDENCE' },
      { ...text, status: 'inconclusive', code: 'LOW_RESOLUTION' },
      { ...text, status: 'warning', code: 'LB_NODE_UNSEEN' },
      { ...text, status: 'warning', code: 'NEAR_MISS' },
    ] as const;
    expect(merge(found)).toMatchObject({ codes: ['NO_EVIDENCE'], warnings: ['NEAR_MISS'] });
  });

  it('takes a result without a code for a fault of the tool', () => {
    expect(merge([{ ...text, status: 'inconclusive', code: null }])).toMatchObject({
      kind: 'ERROR',
      exitCode: 70,
      codes: ['TOOL_ERROR'],
    });
  });
});

describe('runChecks', () => {
  it('turns a crash into TOOL_ERROR, whatever else was found', () => {
    const crashing: Check = {
      meta: { id: 'boom', title: '', failureTitle: '', why: '', docs: {} },
      evaluate: () => {
        throw new Error('boom');
      },
    };
    const results = runChecks(
      [crashing, ...CHECKS],
      { ...emptyEvidence(), counts: { ...emptyEvidence().counts, failed: 3 } },
      DEFAULT_POLICY,
    );
    expect(merge(results)).toMatchObject({ kind: 'ERROR', exitCode: 70, codes: ['TOOL_ERROR'] });
    expect(results[0]?.message).toContain('boom');
  });

  it('never passes when some figure is not a number', () => {
    const spoil = (value: unknown): readonly unknown[] => {
      if (typeof value === 'number') return [Number.NaN];
      if (value === null || typeof value !== 'object' || Array.isArray(value)) return [];
      return Object.entries(value).flatMap(([key, item]) =>
        spoil(item).map((spoiled) => ({ ...value, [key]: spoiled })),
      );
    };
    const base = emptyEvidence();
    const judged = ['counts', 'health', 'resolution'] as const;
    const harmless = [
      'total',
      'sent',
      'disruptionSeconds',
      'dropped',
      'targetConfidence',
      'jitterMs',
      'unobservedMs',
      'baseline',
      'baselineFailed',
    ];
    let tried = 0;
    for (const part of judged) {
      for (const [i, spoiled] of spoil(base[part]).entries()) {
        const field = Object.entries(base[part]).filter(([, v]) => typeof v === 'number')[i]?.[0] ?? '';
        if (part !== 'health' && harmless.includes(field)) continue;
        tried++;
        const results = runChecks(CHECKS, { ...base, [part]: spoiled }, DEFAULT_POLICY);
        expect(merge(results).kind, `${part}.${field}`).not.toBe('PASS');
      }
    }
    expect(tried).toBeGreaterThan(12);
    expect(merge(runChecks(CHECKS, base, DEFAULT_POLICY)).kind).toBe('PASS');
  });
});

describe('a very long run', () => {
  it('fails with as many outages as there can be, instead of crashing over their number', () => {
    const evidence = emptyEvidence();
    const outages = Array.from({ length: 200_000 }, (_, index) => outage({ index }));
    const counts = { ...evidence.counts, judged: 400_000, failed: 200_000 };
    for (const mode of ['strict', 'budget', 'attributed'] as const) {
      const results = runChecks(CHECKS, { ...evidence, counts, outages }, { ...DEFAULT_POLICY, mode });
      expect(merge(results).kind, mode).toBe('FAIL');
    }
  });
});
