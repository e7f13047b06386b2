import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type EngineSelfTest, SELF_TEST_FAULTS, selfTestMisses } from '../../src/domain/self-test.js';
import { findProgram } from '../../src/traffic/foreign/process-host.js';
import { rollproof } from '../support/rollproof.js';

const ABSENT = {
  k6: findProgram(process.env.ROLLPROOF_K6 ?? 'k6', process.env) === null,
  jmeter: (process.env.JMETER_HOME ?? '') === '',
};
for (const [name, isAbsent] of Object.entries(ABSENT))
  if (isAbsent && process.env.ROLLPROOF_REQUIRE_TOOLS === '1') throw new Error(`there is no ${name} to test`);

const state = mkdtempSync(join(tmpdir(), 'rollproof-real-engines-'));
afterAll(() => rmSync(state, { recursive: true, force: true }));

describe.each(['k6', 'jmeter'] as const)('the self-test of real %s', (name) => {
  it.skipIf(ABSENT[name])('shows it to see every fault it vouches for', { timeout: 240_000 }, async () => {
    const { out, err } = await rollproof(['doctor', '--engine', name, '--json'], {
      env: { ROLLPROOF_STATE_DIR: state, AWS_EC2_METADATA_DISABLED: 'true' },
    }).ended;
    const { engines } = JSON.parse(out) as { readonly engines: readonly EngineSelfTest[] };
    expect(
      engines.map(({ engine }) => engine),
      err,
    ).toContain(name);
    for (const test of engines) expect(selfTestMisses(test), `${test.engine} ${test.method}`).toEqual([]);
    // k6 with GET is tried too, to show what it hides; it vouches for nothing.
    const vouched = engines.flatMap(({ cases }) => cases.filter(({ promised }) => promised));
    expect(vouched.map(({ fault }) => fault)).toEqual(SELF_TEST_FAULTS);
  });
});
