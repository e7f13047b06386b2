import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { passRecord, requirementFindings } from '../../src/cli/required-pass.js';
import type { RunResult } from '../../src/domain/result.js';
import { testScenario } from '../support/scenario.js';

const folder = mkdtempSync(join(tmpdir(), 'rollproof-pass-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const HOUR = 3_600_000;
const now = new Date(100 * HOUR);
const production = {
  ...testScenario(),
  environment: 'production',
  requires: { environment: 'staging', maxAgeMs: 24 * HOUR, pass: null },
};

/** Only what the record is made of. */
function result(overrides: { verdict?: string; environment?: string; version?: string; startedAt?: number } = {}) {
  const { verdict = 'PASS', environment = 'staging', version = 'v2', startedAt = 90 * HOUR } = overrides;
  const base = testScenario();
  const scenario = { ...base, environment, rollout: { ...base.rollout, version } };
  const run = { id: 'r', startedAtWall: new Date(startedAt).toISOString(), scenario };
  return { verdict: { kind: verdict }, run } as unknown as RunResult;
}

/** A run directory with the derived files of that result. */
function stored(stamp: string, of: RunResult): string {
  const derived = join(folder, 'staging', stamp, 'derived');
  mkdirSync(derived, { recursive: true });
  const text = JSON.stringify(of);
  writeFileSync(join(derived, 'result.json'), text);
  const record = passRecord(of, text) ?? passRecord({ ...of, verdict: { kind: 'PASS' } } as unknown as RunResult, text);
  writeFileSync(join(derived, 'pass.json'), record ?? '');
  return join(folder, 'staging', stamp);
}

const look = (pass: string | null = null, waived = false) =>
  requirementFindings(production, { out: folder, pass, waived, now })[0];

beforeEach(() => rmSync(join(folder, 'staging'), { recursive: true, force: true }));

describe('a PASS elsewhere as a requirement', () => {
  it('is not asked of a scenario that requires nothing', () => {
    expect(requirementFindings(testScenario(), { out: folder, pass: null, waived: false, now })).toEqual([]);
  });

  it('accepts the newest record that fits, or the one that is named, by directory or by file', () => {
    stored('20260101T000000Z', result());
    const dir = stored('20260101T000001Z', result({ version: 'v3' }));
    expect(look()).toMatchObject({ level: 'ok', message: expect.stringContaining('20260101T000000Z') });
    expect(look(dir)).toMatchObject({ level: 'refused', message: expect.stringContaining('of version v3') });
    const right = join(folder, 'staging', '20260101T000000Z');
    for (const named of [right, join(right, 'derived', 'pass.json')]) expect(look(named)?.level).toBe('ok');
  });

  it.each([
    ['another environment', { environment: 'lab' }, /it ran on lab/],
    ['another version', { version: 'v1' }, /of version v1/],
    ['too old', { startedAt: 75 * HOUR }, /25 h old/],
    ['from the future', { startedAt: 101 * HOUR }, /in the future/],
    ['no PASS', { verdict: 'FAIL' }, /its verdict is FAIL/],
    ['no date', { startedAt: 0 }, /100 h old/],
  ])('refuses one of %s', (_what, of, message) => {
    stored('20260101T000000Z', result(of));
    expect(look()).toMatchObject({ id: 'requires', level: 'refused', message: expect.stringMatching(message) });
  });

  it('refuses a result that is not the one the record was made of, and a record alone', () => {
    const dir = stored('20260101T000000Z', result());
    writeFileSync(join(dir, 'derived', 'result.json'), JSON.stringify(result({ startedAt: 95 * HOUR })));
    expect(look()?.message).toMatch(/SHA-256/);
    rmSync(join(dir, 'derived', 'result.json'));
    expect(look()?.message).toMatch(/no result.json/);
    writeFileSync(join(dir, 'derived', 'pass.json'), '{');
    expect(look()?.level).toBe('refused');
    expect(look('no-such-file')?.message).toMatch(/cannot be read/);
  });

  it('can be waived, which stays visible', () => {
    expect(look(null, true)).toMatchObject({ level: 'warning', message: expect.stringContaining('--without-pass') });
  });

  it('leaves no record of anything but a PASS', () => {
    for (const verdict of ['FAIL', 'INCONCLUSIVE', 'ERROR']) expect(passRecord(result({ verdict }), '{}')).toBeNull();
  });
});
