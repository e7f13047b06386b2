import { describe, expect, it } from 'vitest';
import type { Check } from '../../src/checks/check.js';
import { GATES } from '../../src/checks/index.js';
import type { GeneratorLimits } from '../../src/domain/event.js';
import type { Evidence, GeneratorHealth } from '../../src/domain/evidence.js';
import { DEFAULT_POLICY } from '../../src/domain/scenario.js';
import { emptyEvidence } from './evidence-builder.js';

function gate(id: string): Check {
  const found = GATES.find((check) => check.meta.id === id);
  if (found === undefined) throw new Error(`no gate ${id}`);
  return found;
}

function evidence(change: Partial<GeneratorHealth>): Evidence {
  const base = emptyEvidence();
  return { ...base, health: { ...base.health, ...change } };
}

interface Limit {
  readonly id: string;
  readonly code: string;
  /** The last value that holds, and the first that does not. */
  readonly holds: Partial<GeneratorHealth>;
  readonly breaks: Partial<GeneratorHealth>;
  readonly measured: string;
  readonly threshold: string;
}

/** verdict.md §2, one limit after the other, with 10,000 arrivals. */
const LIMITS: readonly Limit[] = [
  {
    id: 'generator-lost',
    code: 'GEN_LOST',
    holds: { lost: 10 },
    breaks: { lost: 11 },
    measured: '11 (0.11 %)',
    threshold: '≤ 0.1 %',
  },
  {
    id: 'generator-lost',
    code: 'GEN_LOST',
    holds: { lost: 7, shortfall: 0 },
    breaks: { lost: 7, shortfall: 9 },
    measured: '9 (0.09 %)',
    threshold: '≤ 0.1 %',
  },
  {
    id: 'generator-lost',
    code: 'GEN_LOST',
    holds: { engineError: null },
    breaks: { engineError: 'out of memory' },
    measured: '0 (0 %)',
    threshold: '≤ 0.1 %',
  },
  {
    id: 'generator-dropped',
    code: 'GEN_DROPPED',
    holds: { dropped: 10 },
    breaks: { dropped: 11 },
    measured: '0.11 %',
    threshold: '≤ 0.1 %',
  },
  {
    id: 'generator-client-errors',
    code: 'GEN_CLIENT_ERRORS',
    holds: { clientErrors: 10 },
    breaks: { clientErrors: 11 },
    measured: '0.11 %',
    threshold: '≤ 0.1 %',
  },
  {
    id: 'generator-stall',
    code: 'GEN_STALL',
    holds: { forged: 10 },
    breaks: { forged: 11 },
    measured: '0 ms, 0.11 % in doubt',
    threshold: '≤ 250 ms, ≤ 0.1 %',
  },
  {
    id: 'generator-stall',
    code: 'GEN_STALL',
    holds: { stallMaxMs: 250 },
    breaks: { stallMaxMs: 251 },
    measured: '251 ms, 0 % in doubt',
    threshold: '≤ 250 ms, ≤ 0.1 %',
  },
  {
    id: 'generator-late',
    code: 'GEN_LATE',
    holds: { late: 100 },
    breaks: { late: 101 },
    measured: '1.01 %',
    threshold: '≤ 1 %',
  },
  {
    id: 'control-probe',
    code: 'CONTROL_FAILED',
    holds: { controlSent: 1000, controlFailed: 1 },
    breaks: { controlSent: 1000, controlFailed: 2 },
    measured: '0.2 %',
    threshold: '≤ 0.1 %',
  },
  {
    id: 'baseline-length',
    code: 'BASELINE_SHORT',
    holds: { baseline: 1000 },
    breaks: { baseline: 999 },
    measured: '999',
    threshold: '≥ 1,000',
  },
  {
    id: 'stamps',
    code: 'STAMP_MISSING',
    holds: { stampCoverage: 0.99 },
    breaks: { stampCoverage: 0.989 },
    measured: '98.9 %',
    threshold: '≥ 99 %',
  },
  {
    id: 'clock',
    code: 'CLOCK_SKEW',
    holds: { clockErrorMs: 50 },
    breaks: { clockErrorMs: 51 },
    measured: '51 ms',
    threshold: '≤ 50 ms',
  },
];

describe('the gates of verdict.md §2', () => {
  it('are all there, each with a limit below', () => {
    expect(new Set(LIMITS.map(({ id }) => id))).toEqual(new Set(GATES.map(({ meta }) => meta.id)));
    expect(GATES.map(({ meta }) => Object.keys(meta.docs))).toEqual([
      ['GEN_LOST'],
      ['GEN_DROPPED'],
      ['GEN_CLIENT_ERRORS'],
      ['GEN_STALL'],
      ['GEN_LATE'],
      ['CONTROL_FAILED'],
      ['BASELINE_SHORT'],
      ['STAMP_MISSING'],
      ['CLOCK_SKEW'],
    ]);
  });

  it.each(LIMITS)('$code holds at its limit and not beyond: $breaks', ({ id, code, holds, breaks, ...figures }) => {
    const arrivals = { arrivals: 10_000 };
    const fine = gate(id).evaluate(evidence({ ...arrivals, ...holds }), DEFAULT_POLICY);
    expect(fine).toMatchObject({ id, status: 'pass', code: null, threshold: figures.threshold });
    const broken = gate(id).evaluate(evidence({ ...arrivals, ...breaks }), DEFAULT_POLICY);
    expect(broken).toMatchObject({ id, status: 'inconclusive', code, ...figures });
    expect(broken.hint).toMatch(/\w/);
    expect(broken.message).toMatch(/\w/);
    expect(broken.title).not.toBe(fine.title);
  });

  it.each(LIMITS.filter(({ id }) => id !== 'control-probe'))('$code never holds on what is not a number', (limit) => {
    const key = Object.keys(limit.breaks).at(-1) as keyof GeneratorHealth;
    if (typeof limit.breaks[key] === 'string') return;
    const result = gate(limit.id).evaluate(evidence({ arrivals: 10_000, [key]: Number.NaN }), DEFAULT_POLICY);
    expect(result).toMatchObject({ status: 'inconclusive', code: limit.code });
  });

  it('nothing stamped before the deploy is too little', () => {
    const result = gate('stamps').evaluate(evidence({ stampCoverage: null }), DEFAULT_POLICY);
    expect(result).toMatchObject({ status: 'inconclusive', code: 'STAMP_MISSING', measured: 'unknown' });
    expect(result.message).toBe('nothing succeeded before the deploy');
    const none = { ...DEFAULT_POLICY, gates: { ...DEFAULT_POLICY.gates, minStamped: 0 } };
    expect(gate('stamps').evaluate(evidence({ stampCoverage: null }), none).status).toBe('inconclusive');
    const some = gate('stamps').evaluate(evidence({ stampCoverage: 0.5 }), DEFAULT_POLICY);
    expect(some.message).toBe('50 % of the successes before the deploy carried both headers');
  });

  it('without a control target that gate is skipped; probes that failed without being sent are not', () => {
    const check = gate('control-probe');
    expect(check.evaluate(evidence({ controlSent: 0, controlFailed: 0 }), DEFAULT_POLICY).status).toBe('skipped');
    expect(check.evaluate(evidence({ controlSent: 1, controlFailed: 0 }), DEFAULT_POLICY).status).toBe('pass');
    expect(check.evaluate(evidence({ controlSent: 0, controlFailed: 1 }), DEFAULT_POLICY).status).toBe('inconclusive');
  });

  it('control probes that were promised and never sent are no reason to skip it', () => {
    const controlMissing = 'node promised to ask a control target too and never did';
    const result = gate('control-probe').evaluate(evidence({ controlMissing }), DEFAULT_POLICY);
    expect(result).toMatchObject({ status: 'inconclusive', code: 'CONTROL_FAILED', message: controlMissing });
    expect(result.hint).toContain('loopback');
  });

  it('client errors name what was nearly used up, and all it may have been where nothing was', () => {
    const hintOf = (limits: GeneratorLimits) =>
      gate('generator-client-errors').evaluate(evidence({ clientErrors: 11, limits }), DEFAULT_POLICY).hint;
    const [files, ports] = [
      { inUse: 820, limit: 1024 },
      { inUse: 22_585, limit: 28_232 },
    ];
    expect(hintOf({ files, ports })).toBe(
      'Up to 820 of 1,024 file descriptors were open: raise the limit (ulimit -n).',
    );
    expect(hintOf({ files: { inUse: 819, limit: 1024 }, ports: { inUse: 22_586, limit: 28_232 } })).toBe(
      'Up to 22,586 of 28,232 ephemeral ports were taken: widen net.ipv4.ip_local_port_range or lower the weight of lane new.',
    );
    expect(hintOf({ files: null, ports })).toContain('Raise the file limit and the ephemeral port range');
    expect(hintOf({ files: null, ports: null })).toContain('traffic.resolve');
  });

  it('loss counts against at least one arrival: nothing judged and nothing lost is no loss', () => {
    expect(gate('generator-lost').evaluate(evidence({ arrivals: 0 }), DEFAULT_POLICY).status).toBe('pass');
    const lost = gate('generator-lost').evaluate(evidence({ arrivals: 0, lost: 1 }), DEFAULT_POLICY);
    expect(lost).toMatchObject({ status: 'inconclusive', measured: '1 (100 %)' });
    const lax = { ...DEFAULT_POLICY, gates: { ...DEFAULT_POLICY.gates, maxLost: 0.6 } };
    expect(gate('generator-lost').evaluate(evidence({ arrivals: 0, lost: 1 }), lax).status).toBe('inconclusive');
  });

  it('says how many outcomes a stall put in doubt, and nothing of doubt without any', () => {
    const told = (forged: number) => gate('generator-stall').evaluate(evidence({ forged }), DEFAULT_POLICY).message;
    expect(told(0)).not.toContain('doubt');
    expect(told(3)).toContain('3 outcomes are in doubt');
  });
});
