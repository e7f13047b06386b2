import { describe, expect, test } from 'vitest';
import { renderConsole } from '../../src/report/console.js';
import { failResult, hostileResult, inconclusiveResult, passResult } from './fixture-results.js';

const paths = { report: 'reports/latest/derived/report.html', junit: 'reports/latest/derived/junit.xml' };
const plain = { color: false, paths };

describe('console summary', () => {
  test('a PASS is short: verdict, claims, deploy time, paths', () => {
    const lines = renderConsole(passResult(), plain).trimEnd().split('\n');
    expect(lines[0]).toBe('✓ PASS  0 of 8,427 requests failed while staging-1 and staging-2 were replaced.');
    expect(lines.length).toBeLessThanOrEqual(8);
    expect(lines.at(-1)).toBe(`  report ${paths.report}   junit ${paths.junit}   exit 0`);
  });

  test('a FAIL says the outage, why and what to try', () => {
    const text = renderConsole(failResult(), plain);
    expect(text.split('\n')[0]).toMatch(/^✗ FAIL {2}189 of 5,927 .*\[DOWNTIME_OBSERVED\]$/);
    expect(text).toContain('  outage 0:09.2 – 0:10.6 (1.49 s, 189 failures, partial) after deploy staging-1\n');
    expect(text).toContain('  503 Service Unavailable: Back-end server is at capacity ×153, ECONNRESET ×36\n');
    expect(text).toMatch(/Why: Detach of staging-1/);
    expect(text).toMatch(/Try: Set rollout\.sleep\.afterDetach to 4 s/);
    expect(text).toContain('exit 1\n');
    expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(15);
  });

  test('an INCONCLUSIVE says what to change', () => {
    expect(renderConsole(inconclusiveResult(), plain)).toContain('Try: Raise traffic.rate to 95/s');
  });

  test('many outages are cut and counted', () => {
    const fail = failResult();
    const text = renderConsole({ ...fail, outages: Array.from({ length: 9 }, () => fail.outages[0]!) }, plain);
    expect(text.match(/outage 0:/g)?.length).toBe(3);
    expect(text).toContain('… and 6 more outages');
  });

  test('a target left out is impossible to miss', () => {
    const fail = failResult();
    const text = renderConsole({ ...fail, run: { ...fail.run, stillDetached: ['staging-1'] } }, plain);
    expect(text).toContain('STILL DETACHED: staging-1');
  });

  test('colour only when asked for, and then balanced and only ours', () => {
    expect(renderConsole(failResult(), plain)).not.toContain('\u001b');
    const colored = renderConsole(failResult(), { color: true, paths });
    const codes = colored.match(/\u001b\[[0-9;]*m/g)!;
    expect(codes.filter((code) => code !== '\u001b[0m').length).toBe(
      codes.filter((code) => code === '\u001b[0m').length,
    );
    expect(colored.replaceAll(/\u001b\[[0-9;]*m/g, '')).toBe(renderConsole(failResult(), plain));
  });

  test('hostile text cannot reach the terminal', () => {
    const lines = renderConsole(hostileResult(), { color: false, paths: { 'a\u001b[2J': 'b\rc\n' } });
    expect(lines).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e\u2028]/);
    expect(lines.trimEnd().split('\n').length).toBeLessThanOrEqual(20);
  });
});
