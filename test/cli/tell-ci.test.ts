import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { tellCi } from '../../src/cli/tell-ci.js';
import { failResult } from '../report/fixture-results.js';
import { fakeIo } from '../support/fake-io.js';

const folder = mkdtempSync(join(tmpdir(), 'rollproof-ci-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const files = { report: join(folder, 'r/report.html'), junit: join(folder, 'r/junit.xml') };

function told(env: Record<string, string>) {
  const fake = fakeIo({ env: { GITHUB_ACTIONS: 'true', GITHUB_WORKSPACE: folder, ...env }, cwd: folder });
  tellCi(failResult(), files, fake.io);
  return fake;
}

describe('telling the CI server', () => {
  it('appends to what other steps wrote', () => {
    const summary = join(folder, 'summary.md');
    const output = join(folder, 'output.txt');
    writeFileSync(summary, 'before\n');
    const { err, out } = told({ GITHUB_STEP_SUMMARY: summary, GITHUB_OUTPUT: output });
    expect(readFileSync(summary, 'utf8')).toMatch(/^before\n## ❌ FAIL: checkout/);
    expect(readFileSync(output, 'utf8')).toContain('report=r/report.html\njunit=r/junit.xml\n');
    expect(err()).toMatch(/^::error title=FAIL/);
    expect(out()).toBe('');
  });

  it('warns, and only that, when a file cannot be written', () => {
    const { err } = told({ GITHUB_STEP_SUMMARY: join(folder, 'no/such/folder.md'), GITHUB_OUTPUT: folder });
    expect(err()).toMatch(/warning: cannot append to .*folder\.md/);
    expect(err().match(/warning: cannot append/g)).toHaveLength(2);
  });

  it('leaves a summary alone that would grow over the limit and be dropped whole', () => {
    const summary = join(folder, 'full.md');
    writeFileSync(summary, 'x'.repeat(1_048_000));
    const { err } = told({ GITHUB_STEP_SUMMARY: summary });
    expect(readFileSync(summary, 'utf8')).toHaveLength(1_048_000);
    expect(err()).toContain('would grow over 1048576 bytes');
  });
});
